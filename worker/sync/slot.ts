// When interval syncs are woken. No I/O.
//
// A sync of every `minutes` is due in those minutes since 1970 that leave the remainder `slot` when divided by it. The
// slot is a hash of the user's id: users spread over the interval, and all syncs of one user meet in one wake.

const MINUTE_MILLISECONDS = 60_000;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The minute of the interval, 0 to `minutes` - 1, in which this user's syncs are woken. */
export function wakeSlot(userId: string, minutes: number): number {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(userId)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return (hash >>> 0) % minutes;
}

/** The first time after `now` at which the slot comes round. Milliseconds since 1970. */
export function nextSlotAt(slot: number, minutes: number, now: number): number {
  const minute = minuteOf(now);
  const behind = (((minute - slot) % minutes) + minutes) % minutes;
  return (minute - behind + minutes) * MINUTE_MILLISECONDS;
}

/** The minute since 1970 that a time lies in. */
export function minuteOf(at: number): number {
  return Math.floor(at / MINUTE_MILLISECONDS);
}
