import { showTotals } from "./totals.ts";
import type { Engine } from "./engine.ts";
import { Pace } from "./pace.ts";
import { statusOf } from "./status.ts";

// What open pages are told of a sync while it works, and what D1 is told in between.

/** Least time between two pictures of a sync that is at work. */
const STATUS_MILLISECONDS = 500;
/** How often a running sync's totals are written to D1. */
const TOTALS_MILLISECONDS = 15_000;

export class Display {
  readonly #engine: Engine;
  readonly #paces = new Map<string, Pace>();
  readonly #shownAt = new Map<string, number>();
  readonly #totalsAt = new Map<string, number>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  paceOf(syncId: string): Pace {
    let pace = this.#paces.get(syncId);
    if (!pace) this.#paces.set(syncId, (pace = new Pace()));
    return pace;
  }

  /** Something changed: shown at once, or with what follows within half a second. */
  show(syncId: string): void {
    const now = this.#engine.now();
    if (now - (this.#shownAt.get(syncId) ?? 0) < STATUS_MILLISECONDS) return;
    this.#shownAt.set(syncId, now);
    this.#send(syncId);
  }

  /** The last picture of everything that was shown: nothing more happens for a while. */
  rest(): void {
    for (const syncId of this.#shownAt.keys()) this.#send(syncId);
    this.#shownAt.clear();
  }

  #send(syncId: string): void {
    const { live, store } = this.#engine;
    const sync = store.sync(syncId);
    if (sync && store.run(syncId) === null) this.paceOf(syncId).rest();
    if (!sync || !live.watched) return;
    live.emit({ type: "status", status: statusOf(this.#engine, sync, this.paceOf(syncId)) });
    live.emit({ type: "items", syncId });
  }

  /** Now and then, while a run goes on: lists and totals read D1. */
  async writeTotals(syncId: string): Promise<void> {
    const { store, now } = this.#engine;
    const sync = store.sync(syncId);
    const run = store.run(syncId);
    if (!sync || !run?.announced) return;
    const last = this.#totalsAt.get(syncId) ?? run.startedAt ?? now();
    if (now() - last < TOTALS_MILLISECONDS) return;
    this.#totalsAt.set(syncId, now());
    await showTotals(this.#engine, syncId, sync.stats);
  }
}
