import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { Synced } from "./memory-user.ts";

// Kills of a user's object, and a clock that goes on. Tests fake `Date` first.

const WORK_ROUNDS_MAX = 400;

/**
 * The calls to kill at: every third one, or as the stride says, and others where the call has its effect first. With
 * EVERY_BOUNDARY=1 all of them, from both sides.
 */
export function boundaries(effect: boolean, max: number, stride = 3): number[] {
  const all = (env as Env & { EVERY_BOUNDARY: string }).EVERY_BOUNDARY === "1";
  return Array.from({ length: max }, (_each, after) => after).filter((after) => all || after % stride === (effect ? 1 : 0));
}

export interface Kill {
  /** Calls to the outside that are let through first. */
  after: number;
  /** Whether the fatal call itself still has its effect. */
  effect: boolean;
}

/** Kills the object once, at a call to the world outside. `fired` tells whether it came to that. */
export async function arm(user: Synced, kill: Kill): Promise<{ fired: () => boolean }> {
  let calls = 0;
  let fired = false;
  await runInDurableObject(user.stub, (instance, state) => {
    const outside = (instance as unknown as { env: Env }).env;
    const fatal = async (call: () => Promise<unknown>) => {
      calls += 1;
      if (fired || calls <= kill.after) return call();
      fired = true;
      if (kill.effect) await call();
      state.abort("killed");
      return new Promise(() => undefined);
    };
    restores.push(hook(outside.DB, ["batch"], fatal), hookPrepared(outside.DB, fatal), hook(outside.DOWNLOADS, ["sendBatch"], fatal));
    restores.push(hook(outside.NOTICES, ["sendBatch"], fatal));
    restores.push(hook(outside.CONTENT, ["list", "head", "delete"], fatal));
  });
  return { fired: () => fired };
}

const restores: (() => void)[] = [];

/** Lets every call through again. */
export function disarm(): void {
  restores.splice(0).forEach((restore) => restore());
}

type Fatal = (call: () => Promise<unknown>) => Promise<unknown>;

function hook(target: object, names: readonly string[], fatal: Fatal): () => void {
  for (const name of names) {
    const original = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
    Object.defineProperty(target, name, { configurable: true, value: (...args: unknown[]) => fatal(() => original.apply(target, args)) });
  }
  return () => names.forEach((name) => Reflect.deleteProperty(target, name));
}

function hookPrepared(database: D1Database, fatal: Fatal): () => void {
  const prepare = database.prepare.bind(database);
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const bind = statement.bind.bind(statement);
    Object.defineProperty(statement, "bind", { value: (...values: unknown[]) => wrap(bind(...values)) });
    hook(statement, ["run", "all", "raw"], fatal);
    return statement;
  };
  Object.defineProperty(database, "prepare", { configurable: true, value: (query: string) => wrap(prepare(query)) });
  return () => Reflect.deleteProperty(database, "prepare");
}

/** Lets alarms, consumers and the clock go on until the sync is idle; `meanwhile` is done again and again. */
export async function workOff(user: Synced, meanwhile?: () => Promise<void>): Promise<void> {
  for (let round = 0; round < WORK_ROUNDS_MAX; round += 1) {
    try {
      await user.stub.wake({ reason: "watchdog" });
      await runDurableObjectAlarm(user.stub);
      const status = unwrap(await user.stub.status(user.syncId));
      if (status.activeRun === null && status.backlog.files === 0 && status.checkedAt !== null) return;
    } catch (error) {
      if (!/killed/i.test(String(error))) throw error;
    }
    await meanwhile?.();
    // Everything that waits for a time has it come soon.
    vi.setSystemTime(Date.now() + 5_000);
    await new Promise((resume) => setTimeout(resume, 5));
  }
  throw new Error(`Not idle: ${JSON.stringify(unwrap(await user.stub.status(user.syncId)))}`);
}
