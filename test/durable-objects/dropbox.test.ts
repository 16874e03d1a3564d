import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { SandboxDropbox } from "../providers/sandbox-dropbox.ts";
import { createDropboxUser as createUser, type DropboxUser as User, sourceOf } from "../support/dropbox-user.ts";
import { mirrorOf, settled } from "../support/memory-user.ts";

// A whole sync of a Dropbox: changes that come by path, told to a copy that knows items by their ids.

async function run(user: User, full = false): Promise<{ status: string | null; error: string | null }> {
  const { id } = unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
  await settled(user);
  const row = await env.DB.prepare("SELECT status, error_message AS error FROM runs WHERE id = ?")
    .bind(id)
    .first<{ status: string; error: string }>();
  return { status: row?.status ?? null, error: row?.error ?? null };
}

async function expectEqual(user: User): Promise<void> {
  expect(await mirrorOf(user)).toEqual(await sourceOf(user));
}

/** Requests to these routes so far. */
async function asked(user: User, route = ""): Promise<number> {
  return (await user.drive.asked()).filter((one) => one.route.includes(route)).reduce((sum, { count }) => sum + count, 0);
}

const file = (path: string, bytes: string) => ({ op: "create" as const, path, bytes });

describe("a Dropbox", () => {
  it("is mirrored, and followed through changes of every kind; what only moves is not downloaded", { timeout: 120_000 }, async () => {
    const user = await createUser((drive) =>
      drive.mutate(
        ...Array.from({ length: 40 }, (_, n) => file(`/Docs ${n % 3}/Ünter ${n % 2}/${n}.txt`, `content ${n}`)),
        file("/Docs 0/ÄRGER.txt", "a"),
        file("/empty.txt", ""),
        file("/notes.paper", "# exported as it is"),
        { op: "create", path: "/map.gmap", bytes: 5 },
      ),
    );
    await settled(user);
    const skipped = await env.DB.prepare("SELECT name, reason FROM items WHERE sync_id = ? AND state = 'skipped'").bind(user.syncId).all();
    expect(skipped.results).toEqual([{ name: "map.gmap", reason: "not_exportable" }]);
    const gone = await user.drive.mutate({ op: "delete", path: "/map.gmap" });
    expect(gone).toHaveLength(1);
    await run(user);
    await expectEqual(user);

    for (const [what, ops] of STEPS) {
      const before = await asked(user, "/download");
      await user.drive.mutate(...(ops as Parameters<SandboxDropbox["mutate"]>));
      expect((await run(user)).status, what).toBe("completed");
      await expectEqual(user);
      const downloads = (await asked(user, "/download")) - before;
      expect(downloads, what).toBe(ops.filter(({ op }) => op === "create" || op === "update").length);
    }
  });

  it("costs one request where nothing is new, and writes nothing to D1", async () => {
    const user = await createUser((drive) => drive.mutate(file("/f/a.txt", "a")));
    await settled(user);
    await run(user);
    const before = await asked(user);
    const rows = await catalogueOf(user);
    await user.stub.wake({ reason: "webhook", connectionId: user.connectionId, feedId: "" });
    await expect.poll(() => asked(user), { timeout: 10_000 }).toBe(before + 1);
    await settled(user);
    expect(await asked(user)).toBe(before + 1);
    expect(await catalogueOf(user)).toEqual(rows);
  });

  it("is listed anew when its cursor has expired: nothing is downloaded twice, and what went or changed its case meanwhile is found", async () => {
    const user = await createUser((drive) => drive.mutate(...Array.from({ length: 12 }, (_, n) => file(`/f ${n % 2}/${n}.txt`, `${n}`))));
    await settled(user);
    const before = await asked(user, "/download");
    await user.drive.mutate(
      { op: "delete", path: "/f 0/0.txt" },
      { op: "rename", path: "/f 1", name: "F 1" },
      { op: "move", path: "/f 0", to: "/F 1" },
      file("/F 1/new.txt", "new"),
    );
    await user.drive.expireCursors();
    expect((await run(user)).status).toBe("completed");
    await expectEqual(user);
    expect((await asked(user, "/download")) - before).toBe(1);
  });

  it("whose folder was made anew in the place of another is right again, also after a list over what was there", async () => {
    const user = await createUser((drive) => drive.mutate(file("/f/a.txt", "a"), file("/f/g/b.txt", "b"), file("/z.txt", "z")));
    await settled(user);
    await user.drive.mutate({ op: "delete", path: "/f" }, file("/f/g/b.txt", "b, again"));
    await run(user);
    await expectEqual(user);
    await user.drive.mutate({ op: "delete", path: "/f" }, file("/f/g/c.txt", "c"));
    await user.drive.expireCursors();
    await user.drive.fault({ name: "dropbox-children-first" });
    await run(user);
    await expectEqual(user);
  });

  it("that throttles is left alone for as long as it says, and then goes on", async () => {
    const user = await createUser((drive) => drive.mutate(file("/a.txt", "a")));
    await settled(user);
    await user.drive.mutate(file("/b.txt", "b"));
    await user.drive.fault({ name: "dropbox-throttled", times: 1 });
    const begun = Date.now();
    expect((await run(user)).status).toBe("completed");
    expect(Date.now() - begun).toBeGreaterThanOrEqual(2_000);
    await expectEqual(user);
  });

  it("that lacks a permission says which one, and nothing is removed", async () => {
    const user = await createUser((drive) => drive.mutate(file("/a.txt", "a")));
    await settled(user);
    await user.drive.fault({ name: "dropbox-list-scope-missing" });
    const failed = unwrap(await user.stub.testConnection(user.connectionId));
    expect(failed).toMatchObject({ ok: false, message: expect.stringContaining("files.metadata.read") });
    await user.drive.mend();
    expect(unwrap(await user.stub.testConnection(user.connectionId))).toMatchObject({ ok: true, checks: [{}, {}, {}, {}] });
    await expectEqual(user);
  });

  it("that is disconnected ends its grant at Dropbox, and the copies stay", async () => {
    const user = await createUser((drive) => drive.mutate(file("/a.txt", "a")));
    await settled(user);
    expect(unwrap(await user.stub.disconnect(user.connectionId))).toMatchObject({ status: "revoked" });
    await expect(user.drive.provider.account()).rejects.toThrow("No token");
    expect(await mirrorOf(user)).toHaveLength(1);
  });

  it("whose access was taken back asks the person, and what was copied stays", async () => {
    const user = await createUser((drive) => drive.mutate(file("/a.txt", "a")));
    await settled(user);
    const before = await mirrorOf(user);
    await user.drive.fault({ name: "dropbox-token-invalid" });
    await user.drive.fault({ name: "dropbox-grant-refused" });
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    const status = () => env.DB.prepare("SELECT status FROM connections WHERE id = ?").bind(user.connectionId).first("status");
    await expect.poll(status, { timeout: 10_000 }).toBe("needs_reconnect");
    expect(await mirrorOf(user)).toEqual(before);
    expect(before).toHaveLength(1);
  });
});

const STEPS: [string, { op: string; path?: string; [field: string]: unknown }[]][] = [
  [
    "new, replaced and renamed",
    [
      file("/Docs 0/new.txt", "new"),
      { op: "update", path: "/Docs 1/Ünter 1/1.txt", bytes: "other" },
      { op: "rename", path: "/Docs 0/ÄRGER.txt", name: "Öl.txt" },
    ],
  ],
  ["a folder with another name", [{ op: "rename", path: "/Docs 0", name: "DÖCS" }]],
  [
    "a folder moved, in which something was deleted just before",
    [
      { op: "delete", path: "/DÖCS/Öl.txt" },
      { op: "move", path: "/DÖCS", to: "/Docs 1" },
    ],
  ],
  [
    "two files that change places",
    [
      { op: "rename", path: "/Docs 2/Ünter 0/2.txt", name: "tmp" },
      { op: "rename", path: "/Docs 2/Ünter 0/8.txt", name: "2.txt" },
      { op: "rename", path: "/Docs 2/Ünter 0/tmp", name: "8.txt" },
    ],
  ],
  [
    "another file in the place of one that moved",
    [{ op: "rename", path: "/empty.txt", name: "nothing.txt" }, file("/empty.txt", "no longer")],
  ],
  ["a folder deleted", [{ op: "delete", path: "/Docs 2" }]],
];

async function catalogueOf(user: User) {
  const results = await env.DB.batch(
    ["syncs", "connections", "runs"].map((table) => env.DB.prepare(`SELECT * FROM ${table} WHERE user_id = ?`).bind(user.userId)),
  );
  const items = await env.DB.prepare("SELECT * FROM items WHERE sync_id = ?").bind(user.syncId).all();
  return [...results.map(({ results }) => results), items.results];
}
