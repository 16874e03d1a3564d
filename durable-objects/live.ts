import { encodeItemId } from "../worker/item-id.ts";
import type { LiveEvent } from "../worker/wire.ts";

// Live updates to open pages, over hibernatable WebSockets: an open page keeps no object awake.

/** Events that a page that comes back can catch up on. */
const KEPT_EVENTS_MAX = 200;

export interface LiveMessage {
  id: string;
  event: LiveEvent;
}

export class Live {
  readonly #ctx: DurableObjectState;
  /** Ids of another incarnation mean nothing here: what came between is not known. */
  readonly #incarnation: string;
  readonly #kept: LiveMessage[] = [];
  #count = 0;

  constructor(ctx: DurableObjectState, incarnation: string) {
    this.#ctx = ctx;
    this.#incarnation = incarnation;
  }

  /** Accepts a page's socket, and sends what it missed since the event `since`. */
  accept(since: string | null): Response {
    const pair = new WebSocketPair();
    this.#ctx.acceptWebSocket(pair[1]);
    for (const message of this.#missedSince(since)) pair[1].send(JSON.stringify(message));
    return new Response(null, { status: 101, webSocket: pair[0] });
  }

  get watched(): boolean {
    return this.#ctx.getWebSockets().length > 0;
  }

  emit(event: LiveEvent): void {
    this.#count += 1;
    const message = { id: `${this.#incarnation}-${this.#count}`, event };
    this.#kept.push(message);
    if (this.#kept.length > KEPT_EVENTS_MAX) this.#kept.shift();
    const text = JSON.stringify(message);
    // A socket that is closing takes no more; its page comes back and says how far it got.
    for (const socket of this.#ctx.getWebSockets()) if (socket.readyState === WebSocket.OPEN) socket.send(text);
  }

  /** Ends every page's connection: one that may no longer listen is told so when it comes back. */
  close(): void {
    for (const socket of this.#ctx.getWebSockets()) socket.close(1000);
  }

  /** A line of a run's log. */
  emitLog(
    run: { id: string; syncId: string },
    line: { number: number; at: number; level: "info" | "warn" | "error"; message: string; remoteId: string | null },
  ): void {
    const itemId = line.remoteId === null ? null : encodeItemId(run.syncId, line.remoteId);
    const { number, level, message } = line;
    this.emit({ type: "log", runId: run.id, event: { number, level, message, at: new Date(line.at).toISOString(), itemId } });
  }

  #missedSince(since: string | null): LiveMessage[] {
    // A page that has just opened loaded its figures before it listened: it asks once more, now that nothing is missed.
    if (since === null) return [this.#reset()];
    const place = this.#kept.findIndex((message) => message.id === since);
    if (place >= 0) return this.#kept.slice(place + 1);
    return [this.#reset()];
  }

  #reset(): LiveMessage {
    return { id: `${this.#incarnation}-${this.#count}`, event: { type: "reset" } };
  }
}
