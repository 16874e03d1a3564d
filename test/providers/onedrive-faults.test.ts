import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { onedrive } from "../../worker/providers/onedrive/onedrive.ts";
import type { Entry } from "../../worker/providers/provider.ts";
import { applyRound, pathsOf } from "./contract.ts";
import { SandboxDrive } from "./sandbox-drive.ts";

const PERSONAL = "outlook.example";
const WORK = "contoso.example";

async function enumerated(drive: SandboxDrive): Promise<{ feedId: string; cursor: string; known: Map<string, Entry> }> {
  const feedId = await drive.feedId();
  const known = new Map<string, Entry>();
  return { feedId, known, cursor: await applyRound(drive.provider, feedId, null, known) };
}

async function withFile(domain: typeof PERSONAL | typeof WORK = WORK) {
  const drive = await SandboxDrive.open(domain);
  const [id = ""] = await drive.mutate({ op: "create", path: "/a.txt", bytes: "hello world" });
  const { feedId, cursor, known } = await enumerated(drive);
  const download = known.get(id)?.download;
  if (!download) throw new Error("The file has an address.");
  return { drive, id, feedId, cursor, ref: { id, feedId, download } };
}

const HARMLESS = [
  "duplicate-items",
  "create-before-delete",
  "empty-page",
  "missing-ctag",
  "missing-size",
  "missing-hash",
  "missing-download-url",
  "path-in-delta",
  "bogus-tombstones",
  "folder-tombstone-only",
  "plain-tombstones",
  "drive-id-flips",
];

test.each(HARMLESS.flatMap((name) => [[name, WORK] as const, [name, PERSONAL] as const]))(
  "with %s at %s the mirror is still the drive",
  async (name, domain) => {
    const drive = await SandboxDrive.open(domain);
    await drive.fault({ name });
    await drive.mutate(...["/a.txt", "/f/b.txt", "/f/g/c.txt", "/h/d.txt"].map((path) => ({ op: "create" as const, path, bytes: 10 })));
    const { feedId, cursor, known } = await enumerated(drive);
    await drive.mutate(
      { op: "rename", path: "/a.txt", name: "z.txt" },
      { op: "create", path: "/a.txt", bytes: 5 },
      { op: "delete", path: "/f" },
      { op: "move", path: "/h/d.txt", to: "/" },
    );
    await applyRound(drive.provider, feedId, cursor, known);
    expect(pathsOf(known)).toEqual((await drive.tree()).map(({ id, path }) => `${path} ${id}`).sort());
  },
);

test.each([
  ["resync-required", true],
  ["resync-apply-differences", true],
  ["resync-upload-differences", true],
  ["resync-inner-code", true],
  ["sync-state-not-found", false],
  ["resync-without-location", false],
  ["token-not-found", false],
  ["token-refused", false],
])("%s expires the cursor", async (name, located) => {
  const { drive, feedId, cursor } = await withFile();
  await drive.fault({ name });
  const error = await drive.provider.changes(feedId, cursor).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind: "cursor_expired", restartCursor: located ? expect.any(String) : undefined });
  await drive.mend();
  const { restartCursor } = error as { restartCursor?: string };
  const known = new Map<string, Entry>();
  await applyRound(drive.provider, feedId, restartCursor ?? null, known);
  expect(pathsOf(known)).toHaveLength(1);
});

test("a restart that the service has spoilt ends as an expired cursor, without another restart", async () => {
  const { drive, feedId, cursor } = await withFile();
  await drive.fault({ name: "resync-broken-location", times: 1 });
  const error = (await drive.provider.changes(feedId, cursor).catch((thrown: unknown) => thrown)) as { restartCursor?: string };
  const second = drive.provider.changes(feedId, error.restartCursor ?? "");
  await expect(second).rejects.toMatchObject({ kind: "cursor_expired" });
});

test.each(["token-not-found", "token-refused"])("%s once is not believed", async (name) => {
  const { drive, feedId, cursor } = await withFile();
  await drive.fault({ name, times: 1 });
  await expect(drive.provider.changes(feedId, cursor)).resolves.toMatchObject({ more: false });
});

test.each([
  ["token-timeout", { kind: "transient", status: 504 }],
  ["snapshot-failed", { kind: "transient", status: 500, providerCode: "cannotSnapshotTree" }],
  ["server-error", { kind: "transient", status: 500 }],
  ["bad-gateway", { kind: "transient", status: 502 }],
  ["throttled", { kind: "throttled", status: 429, retryAfterSeconds: 2 }],
  ["throttled-without-retry-after", { kind: "throttled", retryAfterSeconds: undefined }],
  ["throttled-long", { kind: "throttled", retryAfterSeconds: 3_600 }],
  ["throttled-rate-limit", { kind: "throttled", retryAfterSeconds: 4 }],
  ["throttled-front-door", { kind: "throttled", retryAfterSeconds: 10 }],
  ["server-busy", { kind: "throttled", status: 503, retryAfterSeconds: 2 }],
  ["access-denied", { kind: "forbidden", status: 403 }],
  ["claims-challenge", { kind: "auth", status: 401 }],
  ["access-token-expired", { kind: "auth", status: 401 }],
])("a delta that meets %s", async (name, error) => {
  const { drive, feedId, cursor } = await withFile();
  await drive.fault({ name });
  await expect(drive.provider.changes(feedId, cursor)).rejects.toMatchObject(error);
});

test("a connection that breaks is transient", async () => {
  const { drive, feedId, cursor } = await withFile();
  await drive.fault({ drop: true, match: { host: "graph.microsoft.com" } });
  await expect(drive.provider.changes(feedId, cursor)).rejects.toMatchObject({ kind: "transient" });
});

test("a token that is refused once is renewed once", async () => {
  const { drive } = await withFile();
  drive.setToken("stale");
  await expect(drive.provider.account()).resolves.toMatchObject({ email: drive.account });
});

test("a test of the connection says what the permission is good for", async () => {
  const drive = await SandboxDrive.open(WORK);
  const checked = async () => (await drive.provider.checks?.())?.map(({ name, ok }) => [name, ok]);
  expect(await checked()).toEqual([
    ["Files (Files.Read)", true],
    ["Changes (Files.Read)", true],
  ]);
  await drive.fault({ name: "access-denied", match: { path: "/delta" } });
  expect(await checked()).toEqual([
    ["Files (Files.Read)", true],
    ["Changes (Files.Read)", false],
  ]);
  await drive.fault({ name: "access-denied", match: { path: "/me/drive" } });
  expect(await checked()).toEqual([["Files (Files.Read)", false]]);
});

test("an account without a OneDrive has none", async () => {
  const drive = await SandboxDrive.open(WORK);
  await drive.fault({ name: "not-provisioned" });
  await expect(drive.provider.feeds()).rejects.toMatchObject({ kind: "not_found" });
});

test.each([
  ["personal-vault", PERSONAL, "vault"],
  ["one-note-package", WORK, "notebook"],
  ["one-note-package", PERSONAL, "notebook"],
  ["shortcut", WORK, "shortcut"],
  ["malware", WORK, "malware"],
])("%s at %s is skipped, with the reason", async (name, domain, skip) => {
  const drive = await SandboxDrive.open(domain as typeof WORK);
  await drive.mutate({ op: "mkdir", path: "/folder" }, { op: "create", path: "/file.txt", bytes: 100 });
  await drive.fault({ name });
  const { known } = await enumerated(drive);
  expect([...known.values()].map((entry) => entry.skip)).toContain(skip);
});

test("an item that a lookup misses once is not gone", async () => {
  const { drive, id, feedId } = await withFile();
  await drive.fault({ name: "transient-not-found", times: 1 });
  expect(await drive.provider.lookup(feedId, [id])).toMatchObject([{ id, status: "found", entry: { name: "a.txt" } }]);
});

test("a lookup whose parts are throttled is throttled", async () => {
  const { drive, id, feedId } = await withFile();
  await drive.fault({ name: "throttled" });
  await expect(drive.provider.lookup(feedId, [id])).rejects.toMatchObject({ kind: "throttled", retryAfterSeconds: 2 });
});

test("a lookup one part of which refuses the token renews it, and asks again; one that keeps refusing it asks the person", async () => {
  const { drive, id, feedId } = await withFile();
  await drive.fault({ name: "access-token-expired", times: 1 });
  expect(await drive.provider.lookup(feedId, [id])).toMatchObject([{ id, status: "found" }]);
  await drive.fault({ name: "access-token-expired" });
  await expect(drive.provider.lookup(feedId, [id])).rejects.toMatchObject({ kind: "auth" });
});

test("a lookup tells what is refused", async () => {
  const { drive, id, feedId } = await withFile();
  await drive.fault({ name: "access-denied" });
  expect(await drive.provider.lookup(feedId, [id])).toEqual([{ id, status: "refused" }]);
});

test.each([
  ["download-expired", { kind: "expired_url", status: 401 }],
  ["download-not-found", { kind: "expired_url", status: 404 }],
  ["download-gone", { kind: "expired_url", status: 410 }],
  ["malware", { kind: "blocked", status: 403 }],
  ["malware-html", { kind: "blocked", status: 403 }],
  ["malware-empty", { kind: "fatal", status: 400 }],
  ["access-denied", { kind: "forbidden", status: 403 }],
  ["locked", { kind: "transient", status: 423 }],
  ["bandwidth-exceeded", { kind: "throttled", status: 509, retryAfterSeconds: 3_600 }],
  ["throttled", { kind: "throttled", retryAfterSeconds: 2 }],
  ["server-busy", { kind: "throttled", retryAfterSeconds: 2 }],
  ["bad-gateway", { kind: "transient", status: 502 }],
])("a download that meets %s", async (name, error) => {
  const { drive, ref } = await withFile();
  await drive.fault({ name });
  await expect(drive.provider.open(ref)).rejects.toMatchObject(error);
});

test("a range that is ignored is told from one that is served", async () => {
  const { drive, ref } = await withFile();
  const range = { offset: 0, length: 5 };
  const opened = await drive.provider.open(ref, { range });
  expect([opened.partial, await new Response(opened.body).text()]).toEqual([true, "hello"]);
  await drive.fault({ name: "range-ignored" });
  const whole = await drive.provider.open(ref, { range });
  expect([whole.partial, await new Response(whole.body).text()]).toEqual([false, "hello world"]);
});

test("a content without an address is found by its id", async () => {
  const { drive, id, feedId } = await withFile(PERSONAL);
  expect(await new Response((await drive.provider.open({ id, feedId })).body).text()).toBe("hello world");
});

test("an existing subscription is adopted", async () => {
  const { drive, feedId } = await withFile();
  await drive.fault({ name: "subscription-conflict" });
  const expiresAt = Math.floor(Date.now() / 1000) * 1000 + 3_600_000;
  const request = { feedId, notificationUrl: "https://tidemark.example/webhooks/x", clientState: "proof", expiresAt };
  const first = await drive.provider.webhook?.subscribe(request);
  const second = await drive.provider.webhook?.subscribe({ ...request, expiresAt: expiresAt + 60_000 });
  expect(second).toEqual({ id: first?.id, expiresAt: expiresAt + 60_000 });
});

test.each([
  ["subscription-limit", "forbidden"],
  ["subscription-forbidden", "forbidden"],
])("a subscription that meets %s is %s", async (name, kind) => {
  const { drive, feedId } = await withFile();
  await drive.fault({ name });
  const request = { feedId, notificationUrl: "https://tidemark.example/webhooks/x", clientState: "proof", expiresAt: Date.now() + 60_000 };
  await expect(drive.provider.webhook?.subscribe(request)).rejects.toMatchObject({ kind });
});

test.each(["subscription-lost", "subscription-moved"])("a renewal that meets %s finds no subscription", async (name) => {
  const { drive, feedId } = await withFile(PERSONAL);
  const { webhook } = drive.provider;
  const request = { feedId, notificationUrl: "https://tidemark.example/webhooks/x", clientState: "proof", expiresAt: Date.now() + 60_000 };
  const made = await webhook?.subscribe(request);
  await drive.fault({ name });
  await expect(webhook?.renew?.(made?.id ?? "", Date.now() + 120_000)).rejects.toMatchObject({ kind: "not_found" });
});

test("a subscription lasts as long as it is granted, and is never asked for longer than that may be", async () => {
  const { drive, feedId } = await withFile();
  const { webhook } = drive.provider;
  if (!webhook) throw new Error("The provider has webhooks.");
  const request = {
    feedId,
    notificationUrl: "https://tidemark.example/webhooks/x",
    clientState: "proof",
    expiresAt: Date.now() + 90 * 86_400_000,
  };
  const long = await webhook.subscribe(request);
  expect(long.expiresAt).toBeGreaterThan(Date.now() + (webhook.lifetimeSeconds - 600) * 1000);
  await drive.fault({ name: "subscription-short" });
  expect((await webhook.subscribe(request)).expiresAt).toBeLessThan(Date.now() + 2 * 3_600_000);
});

test("a quiet round is one request, and no token goes to a link that leads elsewhere", async () => {
  const { drive, feedId, cursor } = await withFile();
  const before = drive.requests;
  await drive.provider.changes(feedId, cursor);
  expect(drive.requests).toBe(before + 1);
  await expect(drive.provider.changes(feedId, "https://evil.example/v1.0/delta")).rejects.toMatchObject({ kind: "cursor_expired" });
  expect(drive.requests).toBe(before + 1);
});

test("a page that leads elsewhere, or to itself, is an error", async () => {
  const page = (link: string) => async () => Response.json({ value: [], "@odata.nextLink": link });
  const answering = (link: string) => onedrive.create(env, { fetch: page(link), now: Date.now, accessToken: async () => "token" });
  const own = "https://graph.microsoft.com/v1.0/drives/b!x/root/delta?token=1";
  await expect(answering("https://graph.microsoft.com.evil.example/x").changes("b!x", null)).rejects.toMatchObject({ kind: "fatal" });
  await expect(answering(own).changes("b!x", own)).rejects.toMatchObject({ kind: "fatal" });
  await expect(answering(own).changes("b!x", null)).resolves.toEqual({ changes: [], cursor: own, more: true });
});
