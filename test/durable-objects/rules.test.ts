import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import type { SyncPatch } from "../../worker/wire.ts";
import { filesOf, totalsOf } from "../support/catalogue.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, settled } from "../support/memory-user.ts";

// What a person wants kept, from the first listing on and after each change of mind. The source is a drive in memory, which
// counts what it is asked.

async function syncNow(user: MemoryUser, full = false): Promise<string> {
  const run = unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
  await settled(user);
  return run.id;
}

/** Changes the sync and lets it come to rest. */
async function change(user: MemoryUser, patch: SyncPatch): Promise<void> {
  unwrap(await user.stub.updateSync(user.syncId, patch));
  await settled(user);
}

/** A sync with rules from the very beginning, beside the first one, which is erased. */
async function createFilteredUser(
  fill: (drive: MemoryDrive) => void,
  rules: (drive: MemoryDrive) => Pick<SyncPatch, "selection" | "filters">,
): Promise<MemoryUser> {
  const user = await createMemoryUser(fill);
  await settled(user);
  unwrap(await user.stub.deleteSync(user.syncId));
  await expect.poll(async () => (await user.stub.statuses()).length).toBe(0);
  const { selection = [], filters = {} } = rules(user.drive);
  const sync = unwrap(
    await user.stub.createSync({
      connectionId: user.connectionId,
      mode: "content",
      schedule: { kind: "manual" },
      labels: {},
      selection,
      filters,
      options: {},
    }),
  );
  const filtered = Object.defineProperties({} as MemoryUser, { ...Object.getOwnPropertyDescriptors(user), syncId: { value: sync.id } });
  await settled(filtered);
  return filtered;
}

const paths = async (user: MemoryUser) => (await mirrorOf(user)).map(({ path }) => path);

async function versionsOf(user: MemoryUser): Promise<string[]> {
  const { results } = await env.DB.prepare("SELECT ended_by FROM versions WHERE sync_id = ?").bind(user.syncId).all<{ ended_by: string }>();
  return results.map((row) => row.ended_by);
}

async function expectTrueTotals(user: MemoryUser): Promise<void> {
  const { said, counted } = await totalsOf(user);
  expect(said).toEqual(counted);
}

describe("a sync with a selection", () => {
  it("keeps what is chosen by id and by path, and knows of the rest", async () => {
    const user = await createFilteredUser(
      (drive) => {
        drive.put("/Work/a.txt", "a");
        drive.put("/Work/Old/b.txt", "b");
        drive.put("/Work/Old/Keep/c.txt", "c");
        drive.put("/Home/d.txt", "d");
        drive.put("/top.txt", "top");
      },
      (drive) => ({
        selection: [
          { itemId: drive.mkdir("/Work"), mode: "include" },
          { itemId: null, path: "/work/old", mode: "exclude" },
          { itemId: null, path: "/Work/Old/Keep", mode: "include" },
        ],
      }),
    );
    expect(await filesOf(user)).toEqual({
      "/Home/d.txt": "excluded: not_selected",
      "/Work/Old/Keep/c.txt": "stored",
      "/Work/Old/b.txt": "excluded: not_selected",
      "/Work/a.txt": "stored",
      "/top.txt": "excluded: not_selected",
    });
    await expectTrueTotals(user);
    const selection = await env.DB.prepare("SELECT selection FROM syncs WHERE id = ?").bind(user.syncId).first<string>("selection");
    expect(JSON.parse(selection ?? "")).toMatchObject([
      { itemId: user.drive.mkdir("/Work") },
      { path: "/work/old", itemId: user.drive.mkdir("/Work/Old") },
      { path: "/Work/Old/Keep", itemId: user.drive.mkdir("/Work/Old/Keep") },
    ]);
  });

  it("ends the same where children are listed before their parents, some twice, on small pages", async () => {
    const user = await createFilteredUser(
      (drive) => {
        drive.settings.pageSize = 3;
        drive.settings.childrenFirst = true;
        drive.settings.repeatEvery = 2;
        for (let n = 0; n < 12; n += 1) drive.put(`/${n % 3}/deep/er/${n}.txt`, `${n}`);
      },
      (drive) => ({ selection: [{ itemId: drive.mkdir("/1"), mode: "include" }] }),
    );
    expect(await paths(user)).toEqual(["/1/deep/er/1.txt", "/1/deep/er/10.txt", "/1/deep/er/4.txt", "/1/deep/er/7.txt"]);
    expect(Object.values(await filesOf(user)).filter((state) => state === "excluded: not_selected")).toHaveLength(8);
    await expectTrueTotals(user);
  });

  it("takes a folder that is moved in with all below it, though that is not reported again, and gives it up when it is moved out", async () => {
    const user = await createFilteredUser(
      (drive) => {
        drive.put("/In/a.txt", "a");
        for (let n = 0; n < 5; n += 1) drive.put(`/Out/Album/${n}/photo.jpg`, `${n}`);
      },
      (drive) => ({ selection: [{ itemId: drive.mkdir("/In"), mode: "include" }] }),
    );
    expect(await paths(user)).toEqual(["/In/a.txt"]);

    user.drive.move(user.drive.mkdir("/Out/Album"), "/In");
    await syncNow(user);
    expect(await paths(user)).toHaveLength(6);
    const opened = user.drive.opened.length;

    user.drive.move(user.drive.mkdir("/In/Album"), "/Out");
    await syncNow(user);
    expect(await paths(user)).toEqual(["/In/a.txt"]);
    expect(await versionsOf(user)).toEqual(Array.from({ length: 5 }, () => "excluded"));
    await expectTrueTotals(user);

    user.drive.move(user.drive.mkdir("/Out/Album"), "/In");
    await syncNow(user);
    expect(await paths(user)).toHaveLength(6);
    expect(user.drive.opened.length, "what was in the trash is not downloaded again").toBe(opened);
    expect(await versionsOf(user)).toEqual([]);
  });

  it("finds a chosen path that appears only later", async () => {
    const user = await createFilteredUser(
      (drive) => drive.put("/Other/a.txt", "a"),
      () => ({ selection: [{ itemId: null, path: "/Later/Box", mode: "include" }] }),
    );
    expect(await paths(user)).toEqual([]);
    user.drive.put("/Later/Box/b.txt", "b");
    await syncNow(user);
    expect(await paths(user)).toEqual(["/Later/Box/b.txt"]);
    user.drive.rename(user.drive.mkdir("/Later/Box"), "Renamed");
    user.drive.put("/Later/Renamed/c.txt", "c");
    await syncNow(user);
    expect(await paths(user), "its identity is its id from then on").toEqual(["/Later/Renamed/b.txt", "/Later/Renamed/c.txt"]);
  });
});

describe("a stored file whose new folder is reported after it", () => {
  it("stays in the mirror meanwhile", async () => {
    const user = await createFilteredUser(
      (drive) => drive.put("/In/a.txt", "a"),
      (drive) => ({ selection: [{ itemId: drive.mkdir("/In"), mode: "include" }] }),
    );
    const opened = user.drive.opened.length;
    user.drive.settings.pageSize = 2;
    user.drive.settings.childrenFirst = true;
    user.drive.mkdir("/In/new/er/folder/of/it");
    user.drive.move(user.drive.item("/In/a.txt").id, "/In/new/er/folder/of/it");
    await syncNow(user);
    expect(await filesOf(user)).toEqual({ "/In/new/er/folder/of/it/a.txt": "stored" });
    expect(user.drive.opened.length).toBe(opened);
    const { results } = await env.DB.prepare("SELECT name, state FROM items WHERE sync_id = ? AND kind = 0 AND parent_id IS NOT NULL").bind(user.syncId).all(); // prettier-ignore
    expect(results.every((folder) => folder["state"] === "stored")).toBe(true);
    const changes = await env.DB.prepare("SELECT items FROM changes WHERE sync_id = ?").bind(user.syncId).all<{ items: string }>();
    expect(changes.results.length, "the move is told").toBeGreaterThan(1);
    expect(
      changes.results.filter(({ items }) => "removed" in JSON.parse(items)),
      "and no removal",
    ).toEqual([]);
  });
});

describe("files that the source changes so that the rules no longer want them", () => {
  async function renameAll(files: number): Promise<{ user: MemoryUser; runId: string }> {
    const user = await createFilteredUser(
      (drive) => {
        drive.settings.pageSize = 7;
        for (let n = 0; n < files; n += 1) drive.put(`/${n}.doc`, `${n}`);
      },
      () => ({ filters: { types: ["doc"] } }),
    );
    for (const { id, path } of user.drive.files()) user.drive.rename(id, `${path.slice(1)}.locked`);
    return { user, runId: await syncNow(user) };
  }
  const statusOf = (runId: string) => env.DB.prepare("SELECT status FROM runs WHERE id = ?").bind(runId).first<string>("status");

  it("go one by one while they are few", async () => {
    const { user, runId } = await renameAll(15);
    expect(Object.values(await filesOf(user))).toEqual(Array.from({ length: 15 }, () => "excluded: type"));
    expect(await statusOf(runId)).toBe("completed");
  });

  it("are held once they are more than the limit, however many pages they come on", async () => {
    const { user, runId } = await renameAll(60);
    const states = Object.values(await filesOf(user));
    // A quarter of 60, and never fewer than 20, are too many.
    expect(states.filter((state) => state === "excluded: type")).toHaveLength(19);
    expect(states.filter((state) => state === "held: excluded")).toHaveLength(41);
    expect(await statusOf(runId)).toBe("held");
    await expectTrueTotals(user);
    await change(user, { filters: {} });
    expect(await paths(user)).toHaveLength(60);
  });
});

describe("a sync with filters", () => {
  it("keeps what passes them", async () => {
    const user = await createFilteredUser(
      (drive) => {
        drive.put("/a.PDF", "a");
        drive.put("/drafts/b.pdf", "b");
        drive.put("/c.pdf", "much too large");
        drive.put("/d.txt", "d");
        drive.put("/~$lock.pdf", "e");
      },
      () => ({ filters: { types: ["pdf"], exclude: ["drafts/**", "~$*"], maxBytes: 5 } }),
    );
    expect(await filesOf(user)).toEqual({
      "/a.PDF": "stored",
      "/c.pdf": "excluded: size",
      "/d.txt": "excluded: type",
      "/drafts/b.pdf": "excluded: glob",
      "/~$lock.pdf": "excluded: glob",
    });
    await expectTrueTotals(user);
  });

  it("plans again what is below a folder whose new name makes a glob match", async () => {
    const user = await createFilteredUser(
      (drive) => {
        for (let n = 0; n < 4; n += 1) drive.put(`/plain/${n}/file.txt`, `${n}`);
      },
      () => ({ filters: { exclude: ["private/**"] } }),
    );
    expect(await paths(user)).toHaveLength(4);
    const opened = user.drive.opened.length;
    user.drive.rename(user.drive.mkdir("/plain"), "Private");
    await syncNow(user);
    expect(new Set(Object.values(await filesOf(user)))).toEqual(new Set(["excluded: glob"]));
    user.drive.rename(user.drive.mkdir("/Private"), "public");
    await syncNow(user);
    expect(await paths(user)).toHaveLength(4);
    expect(user.drive.opened.length).toBe(opened);
    await expectTrueTotals(user);
  });

  it("that are narrowed and widened again lists nothing and downloads nothing", async () => {
    const user = await createMemoryUser((drive) => {
      for (let n = 0; n < 10; n += 1) drive.put(`/f/${n}.${n % 2 ? "txt" : "pdf"}`, `content ${n}`);
    });
    await settled(user);
    const requests = { ...user.drive.requests };

    await change(user, { filters: { types: ["pdf"] } });
    expect(await paths(user)).toEqual(["/f/0.pdf", "/f/2.pdf", "/f/4.pdf", "/f/6.pdf", "/f/8.pdf"]);
    expect(await versionsOf(user)).toEqual(Array.from({ length: 5 }, () => "excluded"));
    await expectTrueTotals(user);

    await change(user, { filters: {} });
    expect(await paths(user)).toHaveLength(10);
    expect(await versionsOf(user)).toEqual([]);
    expect(user.drive.requests).toEqual(requests);
    await expectTrueTotals(user);
  });

  it("that are narrowed drop what still waits to be fetched, and widened fetch it", async () => {
    const user = await createMemoryUser();
    await settled(user);
    unwrap(await user.stub.updateSync(user.syncId, { filters: { maxBytes: 3 } }));
    user.drive.put("/large.txt", "large");
    user.drive.put("/ok.txt", "ok");
    await syncNow(user);
    expect(await paths(user)).toEqual(["/ok.txt"]);
    const listed = user.drive.requests.changes;
    await change(user, { filters: {} });
    expect(await paths(user)).toEqual(["/large.txt", "/ok.txt"]);
    expect(user.drive.requests.changes).toBe(listed);
  });
});

describe("a change of the rules that would drop more than the limit", () => {
  async function createHeld(): Promise<MemoryUser> {
    const user = await createMemoryUser((drive) => {
      for (let n = 0; n < 40; n += 1) drive.put(`/${n % 2 ? "odd" : "even"}/${n}.txt`, `${n}`);
    });
    await settled(user);
    await change(user, { filters: { exclude: ["odd/**"] } });
    return user;
  }
  const count = async (user: MemoryUser, state: string) => Object.values(await filesOf(user)).filter((each) => each === state).length;

  it("holds all of it: the content stays until someone decides, also when everything is listed again", async () => {
    const user = await createHeld();
    expect(await count(user, "held: excluded")).toBe(20);
    expect(await versionsOf(user)).toEqual([]);
    await expectTrueTotals(user);
    await syncNow(user, true);
    expect(await count(user, "held: excluded")).toBe(20);
    expect(await count(user, "stored")).toBe(20);
    await expectTrueTotals(user);
  });

  it("lets go of it when the rules want it again", async () => {
    const user = await createHeld();
    const opened = user.drive.opened.length;
    await change(user, { filters: {} });
    expect(await count(user, "stored")).toBe(40);
    expect(user.drive.opened.length).toBe(opened);
    await expectTrueTotals(user);
  });

  async function decide(user: MemoryUser, action: "approve" | "discard"): Promise<void> {
    const runId = await env.DB.prepare("SELECT id FROM runs WHERE sync_id = ? AND status = 'held'").bind(user.syncId).first<string>("id");
    unwrap(await user.stub.decide(runId ?? "none is held", action, []));
    await expect.poll(() => count(user, "held: excluded")).toBe(0);
    await expect.poll(async () => (await totalsOf(user)).said).toEqual((await totalsOf(user)).counted);
  }

  it("puts it into the trash once it is approved, from where wider rules take it back", async () => {
    const user = await createHeld();
    const opened = user.drive.opened.length;
    await decide(user, "approve");
    expect(await paths(user)).toHaveLength(20);
    expect(await versionsOf(user)).toEqual(Array.from({ length: 20 }, () => "excluded"));
    await change(user, { filters: {} });
    expect(await paths(user)).toHaveLength(40);
    expect(await versionsOf(user)).toEqual([]);
    expect(user.drive.opened.length).toBe(opened);
    await expectTrueTotals(user);
  });

  it("keeps it once it is discarded, whatever is listed or moved, until the rules change again", async () => {
    const user = await createHeld();
    await decide(user, "discard");
    expect(await count(user, "stored")).toBe(40);
    await syncNow(user, true);
    expect(await count(user, "stored"), "after a listing of everything").toBe(40);
    user.drive.rename(user.drive.mkdir("/even"), "smooth");
    await syncNow(user);
    expect(await count(user, "stored"), "after the catalogue was planned again").toBe(40);
    await change(user, { filters: { exclude: ["odd/1*"] } });
    expect(await count(user, "excluded: glob")).toBe(6);
    await expectTrueTotals(user);
  });

  it("does not hold what is below the limit that the sync has of its own", async () => {
    const user = await createMemoryUser((drive) => {
      for (let n = 0; n < 40; n += 1) drive.put(`/${n % 2 ? "odd" : "even"}/${n}.txt`, `${n}`);
    });
    await settled(user);
    await change(user, { filters: { exclude: ["odd/**"] }, options: { removalLimit: { share: 0.6 } } });
    expect(await count(user, "excluded: glob")).toBe(20);
  });
});
