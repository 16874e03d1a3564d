import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { type Content, contentOf, jobsOf, keysOf, PART_BYTES, putLarge, uploadsOf } from "../support/large.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";
import type { MemoryUser } from "../support/memory-user.ts";

// Everything dies between any two steps of a large file: before, or right after, each call to R2, to D1, to the queue.
// The object is killed, and whoever called hears nothing. The end is the same each time.

const BOUNDARIES_MAX = 80;
const WORK_ROUNDS_MAX = 1_500;
/** Time goes this much faster, so that lost leases and waits pass by. */
const ROUND_MILLISECONDS = 1_000;
const PAUSE_MILLISECONDS = 20;

let content: Content;
beforeAll(async () => void (content = await contentOf(PART_BYTES + 1_100_000)));
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

const restores: (() => void)[] = [];
afterEach(() => restores.splice(0).forEach((restore) => restore()));

type Call = (...args: unknown[]) => unknown;

/** Kills the user's object at the call number `after`. The call has its effect, or has not; its answer is lost. */
async function arm(user: MemoryUser, kill: { after: number; effect: boolean }): Promise<{ fired: () => string | null }> {
  let calls = 0;
  let fired: string | null = null;
  await runInDurableObject(user.stub, (_object, state) => {
    const fatal = async (name: string, call: () => unknown) => {
      calls += 1;
      if (fired || calls <= kill.after) return call();
      fired = name;
      if (kill.effect) await call();
      state.abort("killed");
      throw new Error("killed");
    };
    hook(env.DB, ["batch"], fatal);
    hook(env.DOWNLOADS, ["sendBatch"], fatal);
    hook(env.CONTENT, ["createMultipartUpload", "head", "get", "delete"], fatal);
    const resume = env.CONTENT.resumeMultipartUpload.bind(env.CONTENT);
    const resumed = (key: string, id: string) => {
      const upload = resume(key, id);
      hook(upload, ["uploadPart", "complete", "abort"], fatal);
      return upload;
    };
    Object.defineProperty(env.CONTENT, "resumeMultipartUpload", { configurable: true, value: resumed });
    restores.push(() => Reflect.deleteProperty(env.CONTENT, "resumeMultipartUpload"));
    const { drive } = user;
    const meet = drive.meet.bind(drive);
    drive.meet = (method, id) => {
      // The object dies while a consumer is at the source; the consumer goes on.
      calls += 1;
      if (!fired && calls > kill.after) {
        fired = method;
        state.abort("killed");
      }
      return meet(method, id);
    };
  });
  return { fired: () => fired };
}

function hook(target: object, names: readonly string[], fatal: (name: string, call: () => unknown) => Promise<unknown>): void {
  for (const name of names) {
    const original = Reflect.get(target, name) as Call;
    const value = (...args: unknown[]) => fatal(name, () => original.apply(target, args));
    Object.defineProperty(target, name, { configurable: true, value });
    restores.push(() => Reflect.deleteProperty(target, name));
  }
}

/** Lets alarms, consumers and the clock go on until `isOver`. */
async function until(user: MemoryUser, isOver: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < WORK_ROUNDS_MAX; round += 1) {
    try {
      await user.stub.wake({ reason: "watchdog" });
      await runDurableObjectAlarm(user.stub);
      if (await isOver()) return;
    } catch (error) {
      if (!/killed/i.test(String(error))) throw error;
    }
    vi.setSystemTime(Date.now() + ROUND_MILLISECONDS);
    await new Promise((resume) => setTimeout(resume, PAUSE_MILLISECONDS));
  }
  throw new Error(`Not over: ${JSON.stringify(unwrap(await user.stub.status(user.syncId)))}`);
}

async function isIdle(user: MemoryUser): Promise<boolean> {
  const status = unwrap(await user.stub.status(user.syncId));
  return status.activeRun === null && status.backlog.files === 0 && status.checkedAt !== null;
}

describe.each([
  { effect: false, when: "before" },
  { effect: true, when: "right after" },
])("killed $when a call to the outside, while a large file is fetched", ({ effect }) => {
  it("the mirror ends equal to the source, without an upload, an object or a job that is left over", { timeout: 600_000 }, async () => {
    const met = new Set<string>();
    let kills = 0;
    for (let after = 0; after < BOUNDARIES_MAX; after += 1) {
      const user = await createMemoryUser();
      await until(user, () => isIdle(user));
      putLarge(user.drive, "/large.bin", content);
      const { fired } = await arm(user, { after, effect });
      await user.stub.run(user.syncId, { full: false, trigger: "manual" }).catch(() => undefined);
      await until(user, () => isIdle(user));
      restores.splice(0).forEach((restore) => restore());
      // The kill may have come before the run was even asked for.
      unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
      await until(user, () => isIdle(user));
      expect(await mirrorOf(user), `killed at ${fired()}, call ${after}`).toEqual(sourceOf(user));
      await until(user, async () => (await uploadsOf(user)) + (await jobsOf(user)) === 0);
      expect(await keysOf(user), `killed at ${fired()}, call ${after}`).toHaveLength(1);
      if (fired() === null) break;
      met.add(fired() ?? "");
      kills += 1;
    }
    expect(kills, "every boundary was met").toBeLessThan(BOUNDARIES_MAX);
    expect([...met]).toEqual(
      expect.arrayContaining(["createMultipartUpload", "uploadPart", "complete", "head", "get", "open", "lookup", "batch", "sendBatch"]),
    );
  });
});
