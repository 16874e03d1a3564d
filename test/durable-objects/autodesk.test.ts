import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { control } from "../providers/control.ts";
import { createAutodeskUser as createUser, type AutodeskUser as User, createRobotUser, sourceOf } from "../support/autodesk-user.ts";
import { mirrorOf, settled } from "../support/memory-user.ts";

// A whole sync of a project of Autodesk's, that is followed by the times of its folders.

const TOP = "/Project Files";
const ADDRESSES = "signeds3download";
const file = (path: string, bytes: string | number) => ({ op: "create" as const, path: `${TOP}${path}`, bytes });

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

async function asked(user: User, route = ""): Promise<number> {
  return (await user.drive.asked()).filter((one) => one.route.includes(route)).reduce((sum, { count }) => sum + count, 0);
}

describe("a project of Autodesk's", () => {
  it("is mirrored, and followed through changes of every kind; what only moves is not downloaded", async () => {
    const user = await createUser((drive) =>
      drive.mutate(
        ...Array.from({ length: 12 }, (_, n) => file(`/Docs ${n % 3}/Ünter ${n % 2}/${n}.txt`, `content ${n}`)),
        file("/empty.txt", ""),
        file("/計画 #1 & more %20.ifc", "names in every script"),
        file("/computed.bin", 70_000),
        file("/M (cloud model).rvt", ""),
        { op: "create", path: "/Plans/A-101.pdf", bytes: "a sheet" },
      ),
    );
    await settled(user);
    const skipped = await env.DB.prepare("SELECT name, reason FROM items WHERE sync_id = ? AND state = 'skipped'").bind(user.syncId).all();
    expect(skipped.results).toEqual([{ name: "M (cloud model).rvt", reason: "no_content" }]);
    await user.drive.mutate({ op: "delete", path: `${TOP}/M (cloud model).rvt` });
    for (const [what, ops] of STEPS) {
      const before = await asked(user, ADDRESSES);
      await user.drive.mutate(...(ops as Parameters<User["drive"]["mutate"]>));
      expect((await run(user)).status, what).toBe("completed");
      await expectEqual(user);
      expect((await asked(user, ADDRESSES)) - before, what).toBe(ops.filter(({ op }) => op === "create" || op === "update").length);
    }
    expect((await run(user, true)).status).toBe("completed");
    await expectEqual(user);
  });

  it("costs one request where nothing is new, and writes nothing to D1", async () => {
    const user = await createUser(async (drive) => {
      await drive.mutate(file("/f/a.txt", "a"));
      await drive.age();
    });
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

  it("that answers in parts loses nothing of the copy, and says that the run is not complete", async () => {
    const user = await createUser((drive) => drive.mutate(...Array.from({ length: 6 }, (_, n) => file(`/f/${n}.txt`, `${n}`))));
    await settled(user);
    await user.drive.fault({ name: "autodesk-contents-partial" });
    for (const full of [false, true]) {
      expect((await run(user, full)).status).toBe("incomplete");
      expect(await mirrorOf(user)).toHaveLength(6);
    }
    await user.drive.mend();
    await run(user);
    await expectEqual(user);
  });

  it("that is not shown any more keeps its copy", async () => {
    const user = await createUser((drive) => drive.mutate(file("/a.txt", "a")));
    await settled(user);
    await user.drive.fault({ name: "autodesk-forbidden" });
    await run(user, true);
    expect(await mirrorOf(user, ["stored", "unreachable"])).toHaveLength(1);
    await user.drive.mend();
    await run(user, true);
    await expectEqual(user);
  });

  it("whose bytes were damaged on their way is read again, since their hash tells", async () => {
    const user = await createUser((drive) => drive.mutate(file("/f/a.txt", "a")));
    await settled(user);
    await user.drive.fault({ name: "corrupt-body", times: 1 });
    await user.drive.mutate(file("/f/b.txt", "hello world"));
    await run(user);
    await expectEqual(user);
  });

  it("that throttles is left alone for as long as it says, and then goes on", async () => {
    const user = await createUser((drive) => drive.mutate(file("/a.txt", "a")));
    await settled(user);
    await user.drive.mutate(file("/b.txt", "b"));
    await user.drive.fault({ name: "autodesk-throttled", times: 1 });
    const begun = Date.now();
    expect((await run(user)).status).toBe("completed");
    expect(Date.now() - begun).toBeGreaterThanOrEqual(2_000);
    await expectEqual(user);
  });

  it("is tested thing by thing, and browsed from its hub down", async () => {
    const user = await createUser((drive) => drive.mutate(file("/a.txt", "a")));
    await settled(user);
    const tested = unwrap(await user.stub.testConnection(user.connectionId));
    expect(tested).toMatchObject({
      ok: true,
      checks: [{}, {}, {}, { name: "Notifications", message: expect.stringContaining("the schedule finds them") }],
    });
    await user.drive.fault({ name: "autodesk-not-provisioned" });
    const failed = unwrap(await user.stub.testConnection(user.connectionId));
    expect(failed).toMatchObject({ ok: false, message: expect.stringContaining("Custom integrations") });
    await user.drive.mend();
    const { items: hubs } = unwrap(await user.stub.browse(user.connectionId, { parent: null, cursor: null }));
    const { items: projects } = unwrap(await user.stub.browse(user.connectionId, { parent: { id: hubs[0]?.id ?? "" }, cursor: null }));
    expect(projects).toMatchObject([{ feedId: await user.drive.feedId(), whole: true }]);
  });

  it("that a service account follows is told of by a hook, which goes with the connection", async () => {
    const project = `told-${crypto.randomUUID().slice(0, 8)}@autodesk-projects.example`;
    const mutate = (op: object) => control("POST", `/drives/${project}/mutate`, { ops: [op] });
    await mutate(file("/a.txt", "a"));
    const user = await createRobotUser(project);
    const asked = async (verb: string) => {
      const { routes } = await control<{ routes: { method: string; route: string; status: number }[] }>(
        "GET",
        `/requests?account=${user.account}`,
      );
      return routes.filter(({ method, route }) => method === verb && route.includes("/webhooks/")).map(({ status }) => status);
    };
    await expect.poll(() => asked("POST"), { timeout: 10_000 }).toEqual([201]);
    await settled(user);
    expect(await mirrorOf(user)).toMatchObject([{ path: `${TOP}/a.txt` }]);
    expect(unwrap(await user.stub.disconnect(user.connectionId))).toMatchObject({ status: "revoked" });
    expect(await asked("DELETE")).toEqual([204]);
    expect(await mirrorOf(user)).toHaveLength(1);
  });

  it("that is disconnected ends its grant at Autodesk, and the copies stay", async () => {
    const user = await createUser((drive) => drive.mutate(file("/a.txt", "a")));
    await settled(user);
    expect(unwrap(await user.stub.disconnect(user.connectionId))).toMatchObject({ status: "revoked" });
    await expect(user.drive.provider.account()).rejects.toThrow();
    expect(await mirrorOf(user)).toHaveLength(1);
  });

  it("whose access was taken back asks the person, and what was copied stays", async () => {
    const user = await createUser((drive) => drive.mutate(file("/a.txt", "a")));
    await settled(user);
    const before = await mirrorOf(user);
    await user.drive.fault({ name: "autodesk-token-refused" });
    await user.drive.fault({ name: "autodesk-invalid-grant" });
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    const status = () => env.DB.prepare("SELECT status FROM connections WHERE id = ?").bind(user.connectionId).first("status");
    await expect.poll(status, { timeout: 10_000 }).toBe("needs_reconnect");
    expect(await mirrorOf(user)).toEqual(before);
  });
});

const STEPS: [string, { op: string; path?: string; [field: string]: unknown }[]][] = [
  [
    "new, replaced and renamed",
    [
      file("/Docs 0/new.txt", "new"),
      { op: "update", path: `${TOP}/Docs 1/Ünter 1/1.txt`, bytes: "other" },
      { op: "rename", path: `${TOP}/計画 #1 & more %20.ifc`, name: "Öl.ifc" },
    ],
  ],
  ["a folder with another name", [{ op: "rename", path: `${TOP}/Docs 0`, name: "DÖCS" }]],
  [
    "a folder moved, in which something was deleted just before",
    [
      { op: "delete", path: `${TOP}/DÖCS/new.txt` },
      { op: "move", path: `${TOP}/DÖCS`, to: `${TOP}/Docs 1` },
    ],
  ],
  [
    "two files that change places",
    [
      { op: "rename", path: `${TOP}/Docs 2/Ünter 0/2.txt`, name: "tmp" },
      { op: "rename", path: `${TOP}/Docs 2/Ünter 0/8.txt`, name: "2.txt" },
      { op: "rename", path: `${TOP}/Docs 2/Ünter 0/tmp`, name: "8.txt" },
    ],
  ],
  ["a folder deleted", [{ op: "delete", path: `${TOP}/Docs 2` }]],
];

async function catalogueOf(user: User) {
  const results = await env.DB.batch(
    ["syncs", "connections", "runs"].map((table) => env.DB.prepare(`SELECT * FROM ${table} WHERE user_id = ?`).bind(user.userId)),
  );
  const items = await env.DB.prepare("SELECT * FROM items WHERE sync_id = ?").bind(user.syncId).all();
  return [...results.map(({ results }) => results), items.results];
}
