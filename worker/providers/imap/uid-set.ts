// A set of message numbers, as ranges: mailboxes have few gaps, so that a million mails are a few numbers. No I/O.

/** More gaps than this make a set that is too long to be kept with a cursor. */
export const RANGES_MAX = 400_000;
const UID_MAX = 2 ** 32 - 1;

/** First and last of each range, ascending, with a gap between any two. */
export class UidSet {
  readonly #ranges: readonly (readonly [number, number])[];

  private constructor(ranges: readonly (readonly [number, number])[]) {
    this.#ranges = ranges;
  }

  static readonly EMPTY = new UidSet([]);

  static of(uids: Iterable<number>): UidSet {
    const ranges: [number, number][] = [];
    for (const uid of [...uids].sort((one, other) => one - other)) {
      const last = ranges.at(-1);
      if (last && uid <= last[1] + 1) last[1] = Math.max(last[1], uid);
      else ranges.push([uid, uid]);
    }
    return new UidSet(ranges);
  }

  /** `1:4,7` as servers write it; in any order. Throws a RangeError on anything else. */
  static parse(text: string): UidSet {
    const ranges = text === "" ? [] : text.split(",").map(rangeOf);
    return UidSet.#joined(ranges.toSorted(([one], [other]) => one - other));
  }

  /** What `text` has made of a set. Throws a RangeError where it is none. */
  static fromText(text: string): UidSet {
    let at = 0;
    const ranges = (text === "" ? [] : text.split(",")).map((part): [number, number] => {
      const [gap = Number.NaN, more = 0] = part.split(".").map((digits) => Number.parseInt(digits, 36));
      const first = at + gap;
      at = first + more;
      if (!(gap > 0 && more >= 0 && at <= UID_MAX)) throw new RangeError("This is no set of message numbers.");
      return [first, at];
    });
    return new UidSet(ranges);
  }

  static #joined(ranges: readonly (readonly [number, number])[]): UidSet {
    const joined: [number, number][] = [];
    for (const [first, end] of ranges) {
      const last = joined.at(-1);
      if (last && first <= last[1] + 1) last[1] = Math.max(last[1], end);
      else joined.push([first, end]);
    }
    return new UidSet(joined);
  }

  get size(): number {
    return this.#ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }

  get rangeCount(): number {
    return this.#ranges.length;
  }

  /** The least `count` of them. */
  least(count: number): UidSet {
    const ranges: [number, number][] = [];
    let left = count;
    for (const [first, last] of this.#ranges) {
      if (left <= 0) break;
      const end = Math.min(last, first + left - 1);
      ranges.push([first, end]);
      left -= end - first + 1;
    }
    return new UidSet(ranges);
  }

  with(other: UidSet): UidSet {
    return UidSet.#joined([...this.#ranges, ...other.#ranges].sort(([one], [another]) => one - another));
  }

  without(other: UidSet): UidSet {
    const ranges: [number, number][] = [];
    let at = 0;
    for (const [first, last] of this.#ranges) {
      let from = first;
      while (at < other.#ranges.length && (other.#ranges[at]?.[1] ?? 0) < from) at += 1;
      for (let next = at; from <= last; next += 1) {
        const [cutFrom, cutTo] = other.#ranges[next] ?? [Infinity, Infinity];
        if (cutFrom > last) {
          ranges.push([from, last]);
          break;
        }
        if (cutFrom > from) ranges.push([from, cutFrom - 1]);
        from = cutTo + 1;
      }
    }
    return new UidSet(ranges);
  }

  *[Symbol.iterator](): Generator<number> {
    for (const [first, last] of this.#ranges) for (let uid = first; uid <= last; uid += 1) yield uid;
  }

  /** As it is sent to a server. */
  toString(): string {
    return this.#ranges.map(([first, last]) => (first === last ? `${first}` : `${first}:${last}`)).join(",");
  }

  /** Short: distances, to the base of 36. */
  text(): string {
    let at = 0;
    return this.#ranges
      .map(([first, last]) => {
        const gap = (first - at).toString(36);
        at = last;
        return first === last ? gap : `${gap}.${(last - first).toString(36)}`;
      })
      .join(",");
  }
}

function rangeOf(part: string): [number, number] {
  const [, one, other] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(part) ?? [];
  const [first, last] = [Number(one), Number(other ?? one)];
  if (!(first > 0 && last > 0 && first <= UID_MAX && last <= UID_MAX)) throw new RangeError("This is no set of message numbers.");
  return first <= last ? [first, last] : [last, first];
}
