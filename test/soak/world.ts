import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { consumeDownloads } from "../../worker/content/consumer.ts";
import { accounts } from "../../worker/db/client.ts";
import { users } from "../../worker/db/schema.ts";
import type { Result } from "../../worker/errors.ts";
import { randomId } from "../../worker/ids.ts";
import type { JobMessage } from "../../worker/sync/job.ts";
import { nextSlotAt, wakeSlot } from "../../worker/sync/slot.ts";
import type { Wake } from "../../durable-objects/rpc.ts";
import { consumeDead } from "../../worker/webhooks/wakes.ts";
import type { WakeMessage } from "../../worker/webhooks/wake-message.ts";
import type { SyncStatus } from "../../worker/wire.ts";
import { AlarmClock } from "./alarm-clock.ts";
import type { OpenUploads } from "./bindings.ts";
import { weatheredBucket, weatheredNamespace } from "./bindings.ts";
import type { Clock } from "./clock.ts";
import type { UserDeed } from "./commands.ts";
import { mortal } from "./life.ts";
import { MessageQueue } from "./message-queue.ts";
import { giveLife, letGo, surround } from "./object.ts";
import type { UserSync } from "./object.ts";
import type { Source } from "./source.ts";
import type { Weather } from "./weather.ts";

// One user with one sync, and all that moves it: the object's alarm, the queues, cron. One thing happens after the other,
// or two at once where the case has it so; time passes only where nothing is due.

const WATCHDOG_SECONDS = 300;
const INTERVAL_MINUTES = 60;
const CLOCK_JUMP_FORWARD_SECONDS_MAX = 3_000;
const CLOCK_JUMP_BACK_SECONDS_MAX = 90;
const AT_ONCE_SHARE = 0.3;
/** Where the object is killed all the time. */
const SIGN_INS_MAX = 2_000;

export class World {
  readonly userId = randomId();
  readonly weather: Weather;
  readonly clock: Clock;
  readonly source: Source;
  readonly uploads: OpenUploads = new Map();
  /** What the platform keeps for the object. */
  readonly alarm: AlarmClock;
  readonly #dead: MessageQueue<JobMessage>;
  readonly #downloads: MessageQueue<JobMessage>;
  #watchdogAt: number;
  #cronAt: number;
  connectionId = "";
  syncId = "";

  constructor(weather: Weather, clock: Clock, source: Source) {
    this.weather = weather;
    this.clock = clock;
    this.source = source;
    this.alarm = new AlarmClock(weather, clock);
    this.#dead = new MessageQueue<JobMessage>({ name: "tidemark-dead", batchMax: 100, retriesMax: 10, dead: null }, weather, clock);
    this.#downloads = new MessageQueue<JobMessage>(
      { name: "tidemark-downloads", batchMax: 4, retriesMax: 3, dead: this.#dead },
      weather,
      clock,
    );
    this.#watchdogAt = clock.now;
    this.#cronAt = this.#nextSlot();
    const { alarm, uploads } = this;
    surround(this.userId, { weather, clock, alarm, uploads, downloads: this.#downloads });
  }

  /** A new one each time: a stub is broken once its object was killed. */
  get stub(): DurableObjectStub<UserSync> {
    return env.USER_SYNC.getByName(this.userId) as unknown as DurableObjectStub<UserSync>;
  }

  /** The person signs in; where that breaks off, again. */
  async begin(): Promise<void> {
    await accounts(env).insert(users).values({ id: this.userId, name: "Test", email: null, createdAt: 0, signedInAt: 0 });
    for (let tries = 0; this.connectionId === "" && tries < SIGN_INS_MAX; tries += 1) {
      this.connectionId = (await this.#asked(() => this.stub.addConnection(this.source.connect)))?.id ?? "";
    }
    this.syncId = (await this.inObject<{ id: string }>("SELECT id FROM syncs"))[0]?.id ?? "";
    if (this.syncId === "") throw new Error("The user has no sync, however often they sign in.");
    // Removals are believed, however many: the guard has tests of its own.
    const options = { removalLimit: { share: 1, count: Number.MAX_SAFE_INTEGER } };
    for (let tries = 0; !(await this.#asked(() => this.stub.updateSync(this.syncId, { options }))) && tries < SIGN_INS_MAX; tries += 1);
  }

  async end(): Promise<void> {
    this.weather.bad = false;
    await this.stub.evict().catch(() => undefined);
    letGo(this.userId);
    this.source.close();
  }

  /** Rows of the object's own database. */
  inObject<T extends Record<string, SqlStorageValue>>(statement: string): Promise<T[]> {
    return runInDurableObject(this.stub, (_instance, state) => state.storage.sql.exec<T>(statement).toArray());
  }

  /** What the user does. It may fail, as everything may. */
  async deed(deed: UserDeed): Promise<void> {
    const { syncId, stub } = this;
    switch (deed) {
      case "run":
      case "full":
        await this.#asked(() => stub.run(syncId, { full: deed === "full", trigger: "manual" }));
        return;
      case "pause":
        await this.#asked(() => stub.pause(syncId));
        return;
      case "resume":
        await this.#asked(() => stub.resume(syncId));
        return;
      case "cancel":
        await this.#asked(() => stub.cancel(syncId));
        return;
      case "retry": {
        const last = await env.DB.prepare("SELECT id FROM runs WHERE sync_id = ? ORDER BY id DESC LIMIT 1")
          .bind(syncId)
          .first<string>("id");
        if (last !== null) await this.#asked(() => stub.retry(last));
      }
    }
  }

  /** The source tells of a change. */
  async notify(): Promise<void> {
    await this.#wake({ reason: "webhook", connectionId: this.connectionId, feedId: "" });
  }

  async isPaused(): Promise<boolean> {
    return (await this.status()).status === "paused";
  }

  async status(): Promise<SyncStatus> {
    const answer = await this.stub.status(this.syncId);
    if (!answer.ok) throw new Error(answer.message);
    return answer.value;
  }

  /** The next thing that is due happens; where nothing is, time passes until something is. */
  async turn(): Promise<void> {
    this.#jump();
    const now = this.clock.now;
    if (this.nextAt > now) this.clock.moveTo(this.nextAt);
    const due = [
      this.alarm.at !== null && this.alarm.at <= this.clock.now ? () => this.#alarm() : null,
      isDue(this.#downloads.nextAt, this.clock.now) ? () => this.#consume() : null,
      isDue(this.#dead.nextAt, this.clock.now) ? () => this.#consumeDead() : null,
      this.#watchdogAt <= this.clock.now ? () => this.#watchdog() : null,
      this.#cronAt <= this.clock.now ? () => this.#cron() : null,
    ].filter((each) => each !== null);
    const first = this.weather.pick("first", due.length);
    const atOnce = due.length > 1 && this.weather.chance("at once") < AT_ONCE_SHARE;
    await Promise.all(due.filter((_each, place) => atOnce || place === first).map((each) => each()));
  }

  /** When something happens next. Cron always does. */
  get nextAt(): number {
    const times = [this.alarm.at, this.#downloads.nextAt, this.#dead.nextAt, this.#watchdogAt, this.#cronAt];
    return Math.min(...times.filter((at) => at !== null));
  }

  /** Whether messages are under way. */
  get isCarrying(): boolean {
    return this.#downloads.nextAt !== null || this.#dead.nextAt !== null;
  }

  #jump(): void {
    const { weather, clock } = this;
    if (weather.strikes("clock.forward")) clock.forward(weather.pick("jump", CLOCK_JUMP_FORWARD_SECONDS_MAX));
    if (weather.strikes("clock.backward")) clock.forward(-weather.pick("jump", CLOCK_JUMP_BACK_SECONDS_MAX));
  }

  #alarm(): Promise<void> {
    return this.alarm.goOff(() => this.stub.goOff());
  }

  async #consume(): Promise<void> {
    let killed = false;
    const kinds = { before: "consumer.killed", after: "consumer.killed" } as const;
    const life = mortal(this.weather, this.clock, kinds, () => {
      killed = true;
      return Promise.reject(new Error("The consumer was killed."));
    });
    const bindings = giveLife(
      {
        ...env,
        CONTENT: weatheredBucket(life, env.CONTENT, this.uploads),
        USER_SYNC: weatheredNamespace(life, env.USER_SYNC, this.uploads),
      },
      life,
    );
    await this.#downloads.deliver(async (batch) => {
      await consumeDownloads(batch, bindings);
      return !killed;
    });
  }

  #consumeDead(): Promise<void> {
    return this.#dead.deliver(async (batch) => {
      await consumeDead(batch as MessageBatch<JobMessage | WakeMessage>, env);
      return true;
    });
  }

  async #watchdog(): Promise<void> {
    this.#watchdogAt = this.clock.now + WATCHDOG_SECONDS * 1000;
    const unfinished = await env.DB.prepare("SELECT id FROM runs WHERE user_id = ? AND finished_at IS NULL").bind(this.userId).first();
    if (unfinished) await this.#wake({ reason: "watchdog" });
  }

  async #cron(): Promise<void> {
    this.#cronAt = this.#nextSlot();
    await this.#wake({ reason: "schedule" });
  }

  #nextSlot(): number {
    return nextSlotAt(wakeSlot(this.userId, INTERVAL_MINUTES), INTERVAL_MINUTES, this.clock.now);
  }

  async #wake(wake: Wake): Promise<void> {
    if (this.weather.strikes("wake.lost")) return;
    await this.#asked(async () => {
      await this.stub.wake(wake);
      return { ok: true, value: null };
    });
  }

  /** A call of a person, or of the Worker. Null where it failed, as it may in bad weather. */
  async #asked<T>(call: () => Promise<Result<T>>): Promise<T | null> {
    try {
      const answer = await call();
      return answer.ok ? answer.value : null;
    } catch (error) {
      if (!this.weather.bad) throw error;
      return null;
    }
  }
}

function isDue(at: number | null, now: number): boolean {
  return at !== null && at <= now;
}
