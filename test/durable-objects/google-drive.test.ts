import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { accounts } from "../../worker/db/client.ts";
import { users } from "../../worker/db/schema.ts";
import { unwrap } from "../../worker/errors.ts";
import { randomId } from "../../worker/ids.ts";
import { tryForm } from "../../worker/providers/form.ts";
import { googleDrive } from "../../worker/providers/google-drive/google-drive.ts";
import { serviceAccount } from "../../worker/providers/google-drive/service-account.ts";
import { control } from "../providers/control.ts";
import { GoogleAccount, signIn } from "../providers/google-account.ts";
import { mirrorOf, settled, type Synced } from "../support/memory-user.ts";
import type { ConnectRequest } from "../../durable-objects/rpc.ts";

// A whole sync of a Google Drive: the user's object, queue, bucket and catalogue, against the sandbox.

const MEDIA = "GET /drive/v3/files/{fileId}?alt=media";
const EXPORT = "GET /drive/v3/files/{fileId}/export";
const CHANGES = "GET /drive/v3/changes";

type Connected = Synced & { google: GoogleAccount };

async function connected(google: GoogleAccount): Promise<Connected> {
  const tokens = await signIn(google.name);
  const { id, label } = await google.provider().account();
  const user = await userWith({
    provider: "google-drive",
    account: { id, label, email: google.name },
    scopes: [],
    tokens: {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      expiresAt: Date.now() + tokens.expires_in * 1000,
    },
    homeShard: 0,
  });
  const sync = await env.DB.prepare("SELECT id FROM syncs WHERE user_id = ?").bind(user.userId).first<{ id: string }>();
  return { ...user, syncId: sync?.id ?? "", google };
}

async function userWith(request: ConnectRequest): Promise<Omit<Synced, "syncId">> {
  const userId = randomId();
  await accounts(env).insert(users).values({ id: userId, name: "Test", email: null, createdAt: Date.now(), signedInAt: Date.now() });
  const stub = env.USER_SYNC.getByName(userId);
  const { id } = unwrap(await stub.addConnection(request));
  return { userId, stub, connectionId: id };
}

async function syncNow(user: Synced, full = false): Promise<string> {
  const { id } = unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
  await settled(user);
  return id;
}

/** The mirror is the source, byte for byte; what Google's editors made has its text as Markdown. */
async function expectEqual(user: Connected): Promise<void> {
  const source = (await user.google.tree()).map(({ path, sha256 }) => ({ path: path.replace(/\.gdoc$/, ".md"), sha256 }));
  const order = (one: { path: string; sha256: string }) => `${one.path} ${one.sha256}`;
  expect((await mirrorOf(user)).map(order).sort()).toEqual(source.map(order).sort());
}

async function downloads(user: Connected): Promise<number> {
  const asked = await user.google.asked();
  return (asked[MEDIA] ?? 0) + (asked[EXPORT] ?? 0);
}

describe("a Google Drive", () => {
  it("is mirrored, and stays equal through every kind of change", async () => {
    const google = await GoogleAccount.open();
    await google.mutate(
      ...Array.from({ length: 9 }, (_, n) => ({ op: "create" as const, path: `/docs/${n % 3}/${n}.txt`, bytes: `content ${n}` })),
      { op: "create", path: "/same.txt", bytes: "one" },
      { op: "create", path: "/same.txt", bytes: "two" },
      { op: "create", path: "/empty.txt", bytes: "" },
      { op: "create", path: "/large.bin", bytes: 6_500_000 },
    );
    const user = await connected(google);
    await settled(user);
    await expectEqual(user);

    const first = await downloads(user);
    await google.mutate({ op: "rename", path: "/docs", name: "Documents" }, { op: "move", path: "/Documents/1", to: "/elsewhere" });
    await google.mutate({ op: "rename", path: "/Documents/0/0.txt", name: "zero.txt" });
    await syncNow(user);
    await expectEqual(user);
    expect(await downloads(user), "nothing that only has another name or place is downloaded").toBe(first);

    const [removed = "", folder = ""] = await google.mutate({ op: "delete", path: "/empty.txt" }, { op: "delete", path: "/elsewhere/1" });
    await google.mutate({ op: "update", path: "/large.bin", bytes: 100 }, { op: "create", path: "/new/a/b.txt", bytes: "new" });
    await syncNow(user);
    await expectEqual(user);
    expect(await downloads(user)).toBe(first + 2);

    await google.mutate({ op: "restore", id: removed }, { op: "restore", id: folder });
    await syncNow(user);
    await expectEqual(user);
    expect(await downloads(user), "what comes back from the trash is not downloaded again").toBe(first + 2);
  });

  it("costs one request and no row where nothing has changed", async () => {
    const google = await GoogleAccount.open();
    await google.mutate({ op: "create", path: "/a.txt", bytes: "a" });
    const user = await connected(google);
    await settled(user);
    const before = await google.asked();
    const items = await itemsOf(user);
    await user.stub.wake({ reason: "webhook", connectionId: user.connectionId, feedId: "" });
    await expect.poll(async () => (await google.asked())[CHANGES]).toBe((before[CHANGES] ?? 0) + 1);
    await settled(user);
    expect(await google.asked()).toEqual({ ...before, [CHANGES]: (before[CHANGES] ?? 0) + 1 });
    expect(await itemsOf(user)).toEqual(items);
  });

  it("is listed again when its cursor has expired, and nothing is downloaded twice", async () => {
    const google = await GoogleAccount.open();
    await google.mutate(...Array.from({ length: 12 }, (_, n) => ({ op: "create" as const, path: `/f/${n}.txt`, bytes: `${n}` })));
    const user = await connected(google);
    await settled(user);
    const first = await downloads(user);
    await google.expireCursors();
    await google.mutate({ op: "delete", path: "/f/3.txt" }, { op: "create", path: "/new.txt", bytes: "new" });
    await syncNow(user);
    await expectEqual(user);
    expect(await downloads(user)).toBe(first + 1);
  });

  it("waits where it is throttled, and goes on", async () => {
    const google = await GoogleAccount.open();
    await google.mutate({ op: "create", path: "/a.txt", bytes: "a" }, { op: "create", path: "/b.txt", bytes: "b" });
    await google.fault("google-user-rate-limit", { times: 1, headers: { "Retry-After": "1" }, match: { path: "/(files|changes)" } });
    const user = await connected(google);
    await settled(user);
    await expectEqual(user);
  });

  it("keeps what a folder that is held lost, once the folder comes back", async () => {
    const google = await GoogleAccount.open();
    await google.mutate(
      ...Array.from({ length: 20 }, (_, n) => ({ op: "create" as const, path: `/most/${n % 2}/${n}.txt`, bytes: `${n}` })),
    );
    await google.mutate({ op: "create", path: "/rest.txt", bytes: "rest" });
    const user = await connected(google);
    await settled(user);
    const first = await downloads(user);
    const [id = ""] = await google.mutate({ op: "delete", path: "/most" });
    await syncNow(user);
    expect(await mirrorOf(user, ["held"])).toHaveLength(20);
    await google.mutate({ op: "restore", id });
    await syncNow(user);
    await expectEqual(user);
    expect(await downloads(user)).toBe(first);
  });

  it("has its documents in another format when another is chosen, and skips what has none, with the reason", async () => {
    const google = await GoogleAccount.open();
    const [, form = ""] = await google.mutate(
      { op: "create", path: "/Plan.gdoc", bytes: "# Plan\n" },
      { op: "create", path: "/Ask.gform", bytes: "?" },
      { op: "create", path: "/a.txt", bytes: "a" },
    );
    const user = await connected(google);
    await settled(user);
    expect((await mirrorOf(user)).map(({ path }) => path)).toEqual(["/Plan.docx", "/a.txt"]);
    expect(await stateOf(user, form)).toEqual({ state: "skipped", reason: "not_exportable" });
    await google.mutate({ op: "delete", id: form });
    unwrap(await user.stub.updateSync(user.syncId, { options: { providerOptions: { exports: "markdown" } } }));
    await syncNow(user);
    await expectEqual(user);
    expect(await downloads(user)).toBe(3);
  });

  it("skips a document that no export can be had of, and does not ask for it again", async () => {
    const google = await GoogleAccount.open();
    const [plan = ""] = await google.mutate({ op: "create", path: "/Plan.gdoc", bytes: "# Plan\n" });
    await google.fault("google-export-forbidden");
    const user = await connected(google);
    await settled(user);
    expect(await stateOf(user, plan)).toEqual({ state: "skipped", reason: "not_exportable" });
    const asked = await downloads(user);
    await syncNow(user);
    expect(await downloads(user)).toBe(asked);
  });

  it("is told of changes by a channel, and ends channel and grant when it is disconnected", async () => {
    const google = await GoogleAccount.open();
    const user = await connected(google);
    await settled(user);
    await expect.poll(async () => (await google.asked())["POST /drive/v3/changes/watch"]).toBe(1);
    await google.mutate({ op: "create", path: "/a.txt", bytes: "a" });
    type Outbox = { sent: { headers: Record<string, string>; url: string }[] };
    const told = async () => (await control<Outbox>("GET", `/outbox?account=${google.name}`)).sent;
    await expect
      .poll(async () => (await told()).map(({ headers }) => headers["X-Goog-Resource-State"]), { timeout: 5_000 })
      .toContain("change");
    expect((await told())[0]?.url).toBe("https://tidemark.example/webhooks/google");
    await user.stub.wake({ reason: "subscription", connectionId: user.connectionId, feedId: "", event: "reauthorize" });
    await expect.poll(async () => (await google.asked())["POST /drive/v3/channels/stop"]).toBe(1);
    expect((await google.asked())["POST /drive/v3/changes/watch"], "another channel has taken its place").toBe(2);
    unwrap(await user.stub.disconnect(user.connectionId));
    expect((await google.asked())["POST /drive/v3/channels/stop"]).toBe(2);
    expect((await google.asked())["POST /revoke"]).toBeGreaterThan(0);
    const row = await env.DB.prepare("SELECT status FROM connections WHERE id = ?").bind(user.connectionId).first();
    expect(row).toEqual({ status: "revoked" });
  });
});

describe("a service account", () => {
  it("copies the drive of the person that it may speak for, and the shared drives that it is a member of", async () => {
    const google = await GoogleAccount.open("workspace.example");
    await google.mutate({ op: "create", path: "/mine.txt", bytes: "mine" });
    const key = JSON.stringify(await control("GET", "/google/service-accounts/tidemark@service-accounts.example/key"));
    const fields = { key, subject: google.name };
    const { id, label } = await tryForm(googleDrive, serviceAccount, fields, env, { fetch, now: Date.now });
    const request = { provider: "google-drive", method: "service-account", account: { id, label, email: google.name }, scopes: [], fields };
    const half = await userWith({ ...request, homeShard: 0, firstSync: false });
    const start = unwrap(await half.stub.browse(half.connectionId, { parent: null, cursor: null }));
    const [mine, marketing] = start.items;
    const chosen = [mine, marketing].map((entry) => ({ feed: entry?.feedId ?? "", itemId: entry?.id ?? "", mode: "include" as const }));
    const sync = unwrap(
      await half.stub.createSync({
        connectionId: half.connectionId,
        mode: "content",
        schedule: { kind: "manual" },
        labels: {},
        selection: chosen,
      }),
    );
    const user = { ...half, syncId: sync.id };
    await syncNow(user);
    const paths = (await mirrorOf(user)).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["/mine.txt", "/Welcome.txt", "/Campaign 1/Plan.docx"]));
    const row = await env.DB.prepare("SELECT sealed FROM connections WHERE id = ?")
      .bind(user.connectionId)
      .first()
      .catch(() => null);
    expect(JSON.stringify(row)).not.toContain("PRIVATE KEY");
  });
});

async function itemsOf(user: Synced): Promise<unknown[]> {
  return (await env.DB.prepare("SELECT * FROM items WHERE sync_id = ? ORDER BY remote_id").bind(user.syncId).all()).results;
}

async function stateOf(user: Synced, remoteId: string): Promise<unknown> {
  return env.DB.prepare("SELECT state, reason FROM items WHERE sync_id = ? AND remote_id = ?").bind(user.syncId, remoteId).first();
}
