import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { memoryProvider } from "../../worker/providers/memory.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import type { Change, ChangePage, KnownItems } from "../../worker/providers/provider.ts";
import { providers } from "../../worker/providers/registry.ts";
import { arm, boundaries, disarm, workOff } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";
import { overridden } from "../support/overridden.ts";

// A source without a change stream, which is gone through folder by folder: only below folders whose tree tag is another one.

const BOUNDARIES_MAX = 60;
const FOLDERS_A_PAGE = 2;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());
afterEach(disarm);

/** Another one after every change below the folder. */
function treeTag(drive: MemoryDrive, id: string): string {
  return JSON.stringify(drive.descendants(id).map((item) => [item.id, item.parentId, item.changed]));
}

/** Two folders a page, depth first. The cursor has the folders that are still to be read; at a round's beginning, none. */
async function walk(drive: MemoryDrive, read: string[], cursor: string | null, known: KnownItems | undefined): Promise<ChangePage> {
  const memory = memoryProvider(drive).create(env, { fetch, now: () => Date.now(), accessToken: async () => "token" });
  const { all, folders } = JSON.parse(cursor ?? '{"all":true,"folders":[]}') as { all: boolean; folders: string[] };
  const changedAmong = async (ids: readonly string[]) => {
    const tags = (await known?.treeTags(ids)) ?? new Map<string, string>();
    return ids.filter((id) => all || tags.get(id) !== treeTag(drive, id));
  };
  const stack = folders.length > 0 ? [...folders] : await changedAmong([drive.rootId]);
  const changes: Change[] = [];
  for (let folders = 0; folders < FOLDERS_A_PAGE; folders += 1) {
    const folder = stack.shift();
    if (folder === undefined) break;
    read.push(folder);
    const children = drive.items().filter((item) => item.parentId === folder && item.removedBy === null);
    for (const found of await memory.lookup(drive.id, [folder, ...children.map(({ id }) => id)])) {
      if (found.status !== "found") continue;
      const self = found.id === folder && { treeTag: treeTag(drive, folder) };
      changes.push({ type: "upsert", entry: { ...found.entry, ...self } });
    }
    changes.push({ type: "children", folderId: folder, ids: children.map(({ id }) => id) });
    stack.unshift(...(await changedAmong(children.flatMap((item) => (item.bytes === null ? item.id : [])))));
  }
  const more = stack.length > 0;
  return { changes, cursor: JSON.stringify({ all: all && more, folders: stack }), more };
}

/** `read`: the folders that were read, in order. */
async function walkedUser(fill: (drive: MemoryDrive) => void): Promise<MemoryUser & { read: string[] }> {
  const read: string[] = [];
  const user = await createMemoryUser(fill);
  const id = `memory-${user.userId}`;
  const memory = memoryProvider(user.drive);
  providers.set(id, {
    ...memory,
    id,
    create: (given, context) => {
      const real = memory.create(given, context);
      const changes = (_feed: string, cursor: string | null, known?: KnownItems) => walk(user.drive, read, cursor, known);
      return overridden(real, { changes });
    },
  });
  await workOff(user);
  return Object.assign(user, { read });
}

function fill(drive: MemoryDrive): void {
  for (const folder of ["a", "b", "c/deep"]) for (let n = 0; n < 3; n += 1) drive.put(`/${folder}/${n}.txt`, `${folder} ${n}`);
}

async function syncNow(user: MemoryUser & { read: string[] }): Promise<void> {
  user.read.length = 0;
  vi.setSystemTime(Date.now() + 1000);
  unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  await workOff(user);
}

describe("a source that is gone through folder by folder", () => {
  it("is mirrored; and where nothing has changed nothing is read", async () => {
    const user = await walkedUser(fill);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    await syncNow(user);
    expect(user.read).toEqual([]);
  });

  it("is read only on the way to what has changed", async () => {
    const user = await walkedUser(fill);
    user.drive.put("/c/deep/1.txt", "newer");
    await syncNow(user);
    expect(user.read).toEqual([user.drive.rootId, user.drive.mkdir("/c"), user.drive.mkdir("/c/deep")]);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("has what is no longer in its folder removed", async () => {
    const user = await walkedUser(fill);
    user.drive.delete(user.drive.put("/a/1.txt", "a 1"));
    user.drive.delete(user.drive.mkdir("/c"));
    await syncNow(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(await mirrorOf(user)).toHaveLength(5);
  });

  it("has what moved to another folder moved, not removed and fetched again, whichever folder is read first", async () => {
    const user = await walkedUser(fill);
    user.drive.opened.length = 0;
    user.drive.move(user.drive.put("/a/1.txt", "a 1"), "/c");
    user.drive.move(user.drive.put("/c/deep/2.txt", "c/deep 2"), "/a/new");
    user.drive.move(user.drive.mkdir("/b"), "/c");
    await syncNow(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(user.drive.opened).toEqual([]);
  });
});

describe.each([
  { effect: false, when: "before" },
  { effect: true, when: "right after" },
])("killed $when a call to the outside", ({ effect }) => {
  it("at any boundary, what has changed is found all the same", { timeout: 240_000 }, async () => {
    let kills = 0;
    for (const after of boundaries(effect, BOUNDARIES_MAX, 5)) {
      const user = await walkedUser(fill);
      user.drive.put("/c/deep/1.txt", "newer");
      user.drive.delete(user.drive.put("/b/0.txt", "b 0"));
      user.drive.move(user.drive.put("/a/1.txt", "a 1"), "/c");
      vi.setSystemTime(Date.now() + 1000);
      const { fired } = await arm(user, { after, effect });
      await user.stub.run(user.syncId, { full: false, trigger: "manual" }).catch(() => undefined);
      await workOff(user);
      disarm();
      await syncNow(user);
      expect(await mirrorOf(user)).toEqual(sourceOf(user));
      if (!fired()) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(3);
  });
});
