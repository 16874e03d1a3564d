import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { callOutside } from "./bindings.ts";
import type { Clock } from "./clock.ts";
import type { Life } from "./life.ts";
import type { Weather } from "./weather.ts";

interface Waiting<T> {
  id: string;
  body: T;
  dueAt: number;
  attempts: number;
}

export interface QueueSettings<T> {
  name: string;
  batchMax: number;
  retriesMax: number;
  /** Where a message goes that failed every delivery. */
  dead: MessageQueue<T> | null;
}

const LATE_SECONDS_MAX = 1_200;
/** After a consumer that ended without a word. */
const REDELIVERY_SECONDS = 30;

/** A queue that may lose, repeat, reorder or delay anything. */
export class MessageQueue<T> {
  readonly #settings: QueueSettings<T>;
  readonly #weather: Weather;
  readonly #clock: Clock;
  #waiting: Waiting<T>[] = [];
  #sent = 0;

  constructor(settings: QueueSettings<T>, weather: Weather, clock: Clock) {
    this.#settings = settings;
    this.#weather = weather;
    this.#clock = clock;
  }

  /** When the next message may be delivered; null where none waits. */
  get nextAt(): number | null {
    return this.#waiting.length > 0 ? Math.min(...this.#waiting.map((message) => message.dueAt)) : null;
  }

  /** The producer's side, in the hands of one life. */
  binding(life: Life): { sendBatch: (messages: Iterable<{ body: T }>) => Promise<void> } {
    return {
      sendBatch: (messages) =>
        callOutside(life, "queue", async () => {
          for (const { body } of messages) this.send(body);
        }),
    };
  }

  send(body: T): void {
    if (this.#weather.strikes("queue.message_lost")) return;
    const copies = this.#weather.strikes("queue.message_twice") ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const late = this.#weather.strikes("queue.message_late") ? this.#weather.pick("queue late", LATE_SECONDS_MAX) : 0;
      this.#add(body, this.#clock.now + late * 1000, 0);
    }
  }

  /** Delivers a batch of what is due. `consume` answers false where the consumer was killed, and its word does not count. */
  async deliver(consume: (batch: MessageBatch<T>) => Promise<boolean>): Promise<void> {
    const batch = this.#take();
    if (batch.length === 0) return;
    const messages = batch.map(({ id, body, attempts }) => ({ id, body, attempts: attempts + 1, timestamp: new Date() }));
    const made = createMessageBatch<T>(this.#settings.name, messages);
    const heard = await consume(made);
    const { explicitAcks, retryMessages } = await getQueueResult(made, createExecutionContext());
    const delays = new Map(retryMessages.map(({ msgId, delaySeconds }) => [msgId, delaySeconds ?? 0]));
    for (const message of batch) {
      if (heard && explicitAcks.includes(message.id)) continue;
      this.#again(message, (heard ? delays.get(message.id) : undefined) ?? REDELIVERY_SECONDS);
    }
  }

  #take(): Waiting<T>[] {
    const due = this.#waiting.filter((message) => message.dueAt <= this.#clock.now);
    if (this.#weather.strikes("queue.reordered")) due.reverse();
    const batch = due.slice(0, this.#settings.batchMax);
    this.#waiting = this.#waiting.filter((message) => !batch.includes(message));
    return batch;
  }

  #again(message: Waiting<T>, delaySeconds: number): void {
    const attempts = message.attempts + 1;
    const { dead, retriesMax } = this.#settings;
    if (dead && (attempts > retriesMax || this.#weather.strikes("queue.died_out"))) dead.send(message.body);
    else this.#add(message.body, this.#clock.now + delaySeconds * 1000, attempts);
  }

  #add(body: T, dueAt: number, attempts: number): void {
    this.#sent += 1;
    this.#waiting.push({ id: `${this.#settings.name}-${this.#sent}`, body, dueAt, attempts });
  }
}
