import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { randomId } from "../../worker/ids.ts";
import type { FormValues, Provider } from "../../worker/providers/provider.ts";
import { DavFolder, problemOf } from "../providers/dav-folder.ts";
import { type Domain, SandboxCloud } from "../providers/sandbox-cloud.ts";
import { createUser, mirrorOf, settled, type Synced } from "../support/memory-user.ts";

// Whole syncs of servers that are followed by their folders: Nextcloud and ownCloud in the sandbox, and a real Apache.

const READS = "GET /remote.php/dav/files/{user}/{path} 200";
const LOOK = "PROPFIND /remote.php/dav/files/{user}/{path} (depth 0) 207";

async function connect(provider: Provider, fields: FormValues): Promise<Synced> {
  const { id, label } = await provider.account();
  const account = { id, label, email: null };
  const user = await createUser(randomId(), { provider: "webdav", method: "password", account, scopes: [], fields, homeShard: 0 });
  await settled(user);
  return user;
}

async function connectCloud(cloud: SandboxCloud): Promise<Synced> {
  return connect(cloud.provider, cloud.fields);
}

async function syncNow(user: Synced, full = false): Promise<string> {
  const run = unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
  await settled(user);
  return run.id;
}

async function expectEqual(user: Synced, source: { files(): Promise<{ path: string; sha256: string }[]> }): Promise<void> {
  const files = (await source.files()).map(({ path, sha256 }) => ({ path, sha256 }));
  expect(await mirrorOf(user)).toEqual(files.toSorted((one, other) => (one.path < other.path ? -1 : 1)));
}

const filesOf = (cloud: SandboxCloud) => ({ files: () => cloud.tree() });

async function runOf(runId: string) {
  return env.DB.prepare("SELECT status, error_code FROM runs WHERE id = ?")
    .bind(runId)
    .first<{ status: string; error_code: string | null }>();
}

describe.for<Domain>(["nextcloud.example", "owncloud.example"])("a server at %s", (domain) => {
  it("is mirrored to the byte, through new, replaced, renamed, moved, removed and restored files, and renames download nothing", async () => {
    const cloud = await SandboxCloud.open(domain, "engine");
    await cloud.mutate(
      ...Array.from({ length: 12 }, (_, n) => ({ op: "create" as const, path: `/docs/${n % 3}/${n}.txt`, bytes: `content ${n}` })),
      { op: "create", path: "/資料/отчёт ✓ %20 #1 & <more>.md", bytes: "names in every script" },
      { op: "create", path: "/empty.txt", bytes: "" },
      { op: "create", path: "/computed.bin", bytes: 70_000 },
    );
    const user = await connectCloud(cloud);
    await expectEqual(user, filesOf(cloud));

    await cloud.forgetRequests();
    await cloud.mutate(
      { op: "rename", path: "/docs", name: "Documents" },
      { op: "rename", path: "/Documents/0/0.txt", name: "zero.txt" },
      { op: "move", path: "/Documents/1/1.txt", to: "/elsewhere" },
      { op: "move", path: "/Documents/2", to: "/elsewhere" },
    );
    await syncNow(user);
    await expectEqual(user, filesOf(cloud));
    expect((await cloud.requests())[READS], "nothing that was only renamed or moved is downloaded").toBeUndefined();

    const [removed = ""] = await cloud.mutate({ op: "delete", path: "/elsewhere" });
    await cloud.mutate(
      { op: "update", path: "/Documents/1/4.txt", bytes: "other" },
      { op: "create", path: "/Documents/new/deep/n.txt", bytes: "new" },
      { op: "delete", path: "/empty.txt" },
    );
    await syncNow(user);
    await expectEqual(user, filesOf(cloud));
    expect((await cloud.requests())[READS]).toBe(2);

    await cloud.mutate({ op: "restore", id: removed });
    await syncNow(user);
    await expectEqual(user, filesOf(cloud));
    expect((await cloud.requests())[READS], "restored content is not downloaded again").toBe(2);
  });
});

describe("a Nextcloud", () => {
  it("is asked one question where nothing has changed, and few where little has", async () => {
    const cloud = await SandboxCloud.open("nextcloud.example", "quiet");
    await cloud.generate({ files: 60, folders: 20, meanBytes: 50 });
    await cloud.put("/a/b/c/leaf.txt", "leaf");
    const user = await connectCloud(cloud);
    await cloud.forgetRequests();
    await user.stub.wake({ reason: "webhook", connectionId: user.connectionId, feedId: "" });
    await expect.poll(() => cloud.requests()).toEqual({ [LOOK]: 1 });
    await settled(user);
    expect(await cloud.requests()).toEqual({ [LOOK]: 1 });
    await cloud.put("/a/b/c/leaf.txt", "other leaf");
    await syncNow(user);
    await expectEqual(user, filesOf(cloud));
    // The top folder, and the three on the way to the file.
    expect((await cloud.requests())["PROPFIND /remote.php/dav/files/{user}/{path} (depth 1) 207"]).toBe(4);
    expect((await cloud.requests())[READS]).toBe(1);
  });

  it("that is throttled is left alone for as long as it asks, and the sync goes on", async () => {
    const cloud = await SandboxCloud.open("nextcloud.example", "throttled");
    await cloud.put("/a.txt", "a");
    const user = await connectCloud(cloud);
    await cloud.put("/b.txt", "b");
    await cloud.fault({ name: "nextcloud-throttled", times: 1 });
    await syncNow(user);
    await expectEqual(user, filesOf(cloud));
  });

  it("that was restored from a backup is read anew, and nothing is downloaded twice", async () => {
    const cloud = await SandboxCloud.open("nextcloud.example", "backup");
    await cloud.put("/a/one.txt", "one");
    await cloud.put("/a/two.txt", "two");
    const user = await connectCloud(cloud);
    await cloud.forgetRequests();
    await cloud.mutate({ op: "delete", path: "/a/one.txt" });
    await cloud.expireCursors();
    const runId = await syncNow(user);
    expect(await runOf(runId)).toEqual({ status: "completed", error_code: null });
    await expectEqual(user, filesOf(cloud));
    expect((await cloud.requests())[READS]).toBeUndefined();
  });

  it("that has lost so much that its removal is held, and has it again with the etags it had, loses nothing and holds nothing", async () => {
    const cloud = await SandboxCloud.open("nextcloud.example", "held");
    await cloud.mutate(...Array.from({ length: 24 }, (_, n) => ({ op: "create" as const, path: `/big/sub/${n}.txt`, bytes: `${n}` })));
    await cloud.put("/small.txt", "small");
    const user = await connectCloud(cloud);
    const [big = ""] = await cloud.mutate({ op: "delete", path: "/big" });
    expect(await runOf(await syncNow(user))).toMatchObject({ status: "held" });
    await cloud.mutate({ op: "restore", id: big });
    await syncNow(user);
    await expectEqual(user, filesOf(cloud));
    expect(await mirrorOf(user, ["held"])).toEqual([]);
  });

  it("whose app password is gone is asked with it once, and the person has to connect it again", async () => {
    const cloud = await SandboxCloud.open("nextcloud.example", "revoked");
    await cloud.put("/a.txt", "a");
    const user = await connectCloud(cloud);
    await cloud.revoke();
    await cloud.forgetRequests();
    await syncNow(user);
    expect(Object.entries(await cloud.requests())).toEqual([[LOOK.replace("207", "401"), 1]]);
    expect(await env.DB.prepare("SELECT status FROM connections WHERE id = ?").bind(user.connectionId).first("status")).toBe(
      "needs_reconnect",
    );
    expect(await mirrorOf(user)).toHaveLength(1);
  });

  it("with a folder that it does not open loses nothing of it, says so, and has it again when it opens", async () => {
    const cloud = await SandboxCloud.open("nextcloud.example", "partly");
    await cloud.put("/open/a.txt", "a");
    await cloud.put("/closed/b.txt", "b");
    const user = await connectCloud(cloud);
    await cloud.fault({ name: "nextcloud-forbidden", match: { path: "/closed/" } });
    await cloud.put("/closed/c.txt", "c");
    await cloud.put("/open/d.txt", "d");
    const runId = await syncNow(user);
    expect(await runOf(runId)).toMatchObject({ status: "incomplete" });
    expect((await mirrorOf(user)).map(({ path }) => path)).toEqual(["/closed/b.txt", "/open/a.txt", "/open/d.txt"]);
    await cloud.mend();
    await syncNow(user);
    await expectEqual(user, filesOf(cloud));
  });
});

const apache = problemOf("apache.test");
describe.skipIf(apache !== null)(`a real Apache${apache === null ? "" : ` (${apache})`}`, () => {
  it("is mirrored to the byte through changes of every kind", async () => {
    const folder = await DavFolder.open("apache.test");
    for (let n = 0; n < 9; n += 1) await folder.put(`/docs/${n % 3}/${n}.txt`, `content ${n}`);
    await folder.put("/Ünïcode — 文件 🌊 #1 %20.txt", "odd");
    const user = await connect(folder.provider, folder.fields);
    await expectEqual(user, folder);
    await folder.rename("/docs/0", "zero");
    await folder.move("/docs/1/1.txt", "/docs/2");
    await folder.put("/docs/2/2.txt", "content 3");
    await folder.remove("/docs/1/4.txt");
    await folder.put("/new/deep/file.txt", "new");
    await syncNow(user);
    await expectEqual(user, folder);
    await folder.restore("/docs/1/4.txt");
    await folder.remove("/docs/2");
    await syncNow(user);
    await expectEqual(user, folder);
  });
});
