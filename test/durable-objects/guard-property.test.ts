import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { isHeld } from "../../worker/sync/guard.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import { workOff } from "../support/kill.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";
import { applyOptions, heldPaths, itemsOf, runRow } from "./held-state.ts";

// Random trees and removals: what the guard should hold is never removed, and moves and renames never count.

const RUNS = 25;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

type Op = { kind: "delete" | "rename" | "move"; item: number; folder: number };

const op = (kinds: Op["kind"][]) => fc.record({ kind: fc.constantFrom(...kinds), item: fc.nat(200), folder: fc.nat(200) });
/** Where each file lies: its folders' numbers from the root. */
const tree = fc.array(fc.array(fc.nat(2), { maxLength: 4 }), { minLength: 1, maxLength: 60 });
const scenario = (kinds: Op["kind"][]) =>
  fc.record({
    tree,
    ops: fc.array(op(kinds), { maxLength: 25 }),
    limit: fc.record({ share: fc.constantFrom(0, 0.25, 0.5, 1), count: fc.constantFrom(0, 5, 20, 1000) }),
    full: fc.boolean(),
    withhold: fc.boolean(),
    childTombstones: fc.boolean(),
    pageSize: fc.constantFrom(3, 200),
  });

const fileIds = (drive: MemoryDrive) => new Set(drive.files().map((file) => file.id));

function apply(drive: MemoryDrive, { kind, item, folder }: Op): void {
  const live = drive.items().filter((each) => each.removedBy === null && each.id !== drive.rootId);
  const chosen = live[item % Math.max(1, live.length)];
  if (!chosen) return;
  if (kind === "delete") return drive.delete(chosen.id);
  if (kind === "rename") return drive.rename(chosen.id, `${chosen.name}.${item}.${folder}`);
  const below = new Set([chosen.id, ...drive.descendants(chosen.id).map((each) => each.id)]);
  const folders = [drive.item(drive.rootId), ...live.filter((each) => each.bytes === null)].filter((each) => !below.has(each.id));
  const target = folders[folder % folders.length];
  // No two children of a folder have one name.
  drive.rename(chosen.id, `${chosen.name}.${item}.${folder}`);
  if (target) drive.move(chosen.id, target.id);
}

describe("for random trees and changes", () => {
  it("what should be held is, exactly; what should not be is removed, exactly", { timeout: 240_000 }, async () => {
    const property = fc.asyncProperty(scenario(["delete", "delete", "rename", "move"]), async ({ tree: paths, ops, limit, ...drawn }) => {
      const user = await createMemoryUser((drive) => {
        Object.assign(drive.settings, { childTombstones: drawn.childTombstones, pageSize: drawn.pageSize });
        paths.forEach((folders, n) => drive.put(`${folders.map((each) => `/f${each}`).join("")}/file ${n}`, `content ${n}`));
      });
      await workOff(user);
      await applyOptions(user, { removalLimit: limit });
      const before = fileIds(user.drive);
      // Removals that are not told are found by an enumeration alone.
      const full = drawn.full || drawn.withhold;
      user.drive.settings.withholdTombstones = drawn.withhold;
      ops.forEach((each) => apply(user.drive, each));
      const after = fileIds(user.drive);
      const removed = [...before].filter((id) => !after.has(id)).length;
      const nothingLeft = user.drive.descendants(user.drive.rootId).length === 0;
      const held = removed > 0 && (isHeld(limit, before.size, removed) || (full && nothingLeft));
      const run = unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
      await workOff(user);
      expect(await runRow(run.id)).toMatchObject({ status: held ? "held" : "completed", held: held ? removed : 0 });
      expect(await heldPaths(user)).toHaveLength(held ? removed : 0);
      expect(await mirrorOf(user)).toEqual(sourceOf(user));
      if (held) expect(await itemsOf(user, "state = 'removed' AND kind = 1")).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS, endOnFailure: true });
  });

  it("moves and renames alone are never held, however narrow the limit", { timeout: 240_000 }, async () => {
    const property = fc.asyncProperty(scenario(["rename", "move"]), async ({ tree: paths, ops, full, pageSize }) => {
      const user = await createMemoryUser((drive) => {
        drive.settings.pageSize = pageSize;
        paths.forEach((folders, n) => drive.put(`${folders.map((each) => `/f${each}`).join("")}/file ${n}`, `content ${n}`));
      });
      await workOff(user);
      await applyOptions(user, { removalLimit: { share: 0, count: 0 } });
      ops.forEach((each) => apply(user.drive, each));
      const run = unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
      await workOff(user);
      expect(await runRow(run.id)).toMatchObject({ status: "completed", held: 0, removed: 0 });
      expect(await mirrorOf(user)).toEqual(sourceOf(user));
    });
    await fc.assert(property, { numRuns: RUNS, endOnFailure: true });
  });
});
