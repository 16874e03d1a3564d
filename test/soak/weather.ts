// What goes wrong in one case, decided by its seed alone: the n-th question about a kind of fault has one answer, whatever
// else was asked in between.

export const FAULT_KINDS = [
  // The user's object: gone between two of its awaits, its storage as it was left.
  "object.killed_before_call",
  "object.killed_after_call",
  // Its alarm.
  "alarm.lost",
  "alarm.twice",
  "alarm.late",
  // D1, R2 and the queue, seen from the object or a consumer: not reached, the answer lost, or slow.
  "d1.refused",
  "d1.answer_lost",
  "d1.stalled",
  "r2.refused",
  "r2.answer_lost",
  "r2.stalled",
  "queue.refused",
  "queue.answer_lost",
  "queue.message_lost",
  "queue.message_twice",
  "queue.message_late",
  "queue.reordered",
  "queue.died_out",
  // The consumer and its calls to the object.
  "consumer.killed",
  "rpc.refused",
  "rpc.answer_lost",
  "wake.lost",
  // The clock.
  "clock.forward",
  "clock.backward",
  // The source, as it shows itself through the provider's contract.
  "source.throttled",
  "source.throttled_silently",
  "source.throttled_for_days",
  "source.transient",
  "source.timed_out",
  "source.not_found",
  "source.forbidden",
  "source.answer_without_sense",
  "source.cursor_expired",
  "source.cursor_expired_with_restart",
  "source.page_empty",
  "source.page_repeated",
  "source.entries_repeated",
  "source.entries_stale_first",
  "source.entries_reordered",
  "source.mark_missing",
  "source.size_missing",
  "source.size_wrong",
  "source.address_missing",
  "source.tombstone_missing",
  "source.entry_malformed",
  "source.changes_late",
  "source.body_truncated",
  "source.body_short",
  "source.body_corrupt",
  "source.body_stalled",
  "source.body_without_length",
  "source.address_expired",
  "source.range_ignored",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Rates {
  /** Of every kind. */
  usual: number;
  /** Kinds that come more often, to go deep where one fault meets itself. */
  heavy: readonly FaultKind[];
  heavyRate: number;
}

export class Weather {
  /** How often each kind has struck. */
  readonly struck = new Map<FaultKind, number>();
  /** Once false nothing goes wrong any more. */
  bad = true;
  readonly #seed: number;
  readonly #rates: Rates;
  readonly #asked = new Map<string, number>();

  constructor(seed: number, rates: Rates) {
    this.#seed = seed;
    this.#rates = rates;
  }

  strikes(kind: FaultKind): boolean {
    if (!this.bad) return false;
    const rate = this.#rates.heavy.includes(kind) ? this.#rates.heavyRate : this.#rates.usual;
    if (this.chance(kind) >= rate) return false;
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
    return true;
  }

  /** A number from 0 to 1, the next one of this name. */
  chance(name: string): number {
    const asked = (this.#asked.get(name) ?? 0) + 1;
    this.#asked.set(name, asked);
    let hash = this.#seed >>> 0;
    for (const character of `${name} ${asked}`) hash = mixed((hash ^ (character.codePointAt(0) ?? 0)) >>> 0);
    return hash / 2 ** 32;
  }

  /** Counts up by one with each call of this name. */
  turn(name: string): number {
    const turn = this.#asked.get(name) ?? 0;
    this.#asked.set(name, turn + 1);
    return turn;
  }

  /** A whole number from 0 up to, not including, `below`. */
  pick(name: string, below: number): number {
    return Math.floor(this.chance(name) * below);
  }
}

/** The finaliser of MurmurHash3. */
function mixed(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
