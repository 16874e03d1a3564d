import { UserSync as ShippedUserSync } from "../../worker/index.ts";
import type { AlarmClock } from "./alarm-clock.ts";
import type { OpenUploads } from "./bindings.ts";
import { weatheredBucket, weatheredDatabase } from "./bindings.ts";
import type { JobMessage } from "../../worker/sync/job.ts";
import type { Clock } from "./clock.ts";
import { mortal } from "./life.ts";
import type { Life } from "./life.ts";
import type { MessageQueue } from "./message-queue.ts";
import type { Weather } from "./weather.ts";

// The object as it ships. For users that a soak test has named, its bindings, its alarm and its life are the test's.

/** What surrounds one user's object. */
export interface Surroundings {
  weather: Weather;
  clock: Clock;
  alarm: AlarmClock;
  downloads: MessageQueue<JobMessage>;
  /** Multipart uploads that are neither complete nor aborted. */
  uploads: OpenUploads;
}

const surroundings = new Map<string, Surroundings>();
const lives = new WeakMap<object, Life>();

export function surround(userId: string, given: Surroundings): void {
  surroundings.set(userId, given);
}

export function letGo(userId: string): void {
  surroundings.delete(userId);
}

/** The life of the instance that has these bindings; undefined for bindings of anything else. */
export function lifeOf(env: object): Life | undefined {
  return lives.get(env);
}

/** Ties bindings to the life of who has them. */
export function giveLife<T extends object>(bindings: T, life: Life): T {
  lives.set(bindings, life);
  return bindings;
}

export class UserSync extends ShippedUserSync {
  constructor(ctx: DurableObjectState, env: Env) {
    const given = surroundings.get(ctx.id.name ?? "");
    super(ctx, given ? bindingsOf(ctx, env, given) : env);
  }

  /** What the platform does when the alarm's time has come. */
  async goOff(): Promise<void> {
    await this.alarm();
  }

  /** Ends this instance, as an eviction does. */
  async evict(): Promise<void> {
    this.ctx.abort("killed");
  }
}

function bindingsOf(ctx: DurableObjectState, env: Env, given: Surroundings): Env {
  const { weather, clock, alarm, downloads, uploads } = given;
  const life = mortal(weather, clock, { before: "object.killed_before_call", after: "object.killed_after_call" }, () => {
    ctx.abort("killed");
    return new Promise(() => undefined);
  });
  const { storage } = ctx;
  override(storage, "getAlarm", () => life.through(async () => alarm.at));
  override(storage, "setAlarm", (at: number | Date) => life.through(async () => alarm.set(Number(at))));
  override(storage, "deleteAlarm", () => life.through(async () => alarm.set(null)));
  return giveLife(
    {
      ...env,
      DB: weatheredDatabase(life, env.DB),
      CONTENT: weatheredBucket(life, env.CONTENT, uploads),
      DOWNLOADS: downloads.binding(life) as unknown as Queue,
    },
    life,
  );
}

function override(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true });
}
