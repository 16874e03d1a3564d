// What the change stream says of an item.

/** In the order in which a step's changes are told. */
export const CHANGE_TYPES = ["created", "content", "metadata", "moved", "removed"] as const;
export type ChangeType = (typeof CHANGE_TYPES)[number];

/** How long changes are kept. */
export const CHANGES_KEPT_MILLISECONDS = 30 * 86_400_000;

/** How far a reader of the stream is: the change that was told last. */
export interface StreamPlace {
  /** Of the row of changes. */
  number: number;
  /** Of the type, in the order above. */
  type: number;
  /** Among the row's ids of that type. */
  index: number;
}

/** After every change of the rows up to this number. */
export function afterNumber(number: number): StreamPlace {
  return { number, type: CHANGE_TYPES.length, index: 0 };
}

/** Before every change of the rows from this number on. */
export function beforeNumber(number: number): StreamPlace {
  return { number, type: 0, index: 0 };
}

/** The place as a reader is given it. */
export function encodePlace({ number, type, index }: StreamPlace): string {
  return `${number}.${type}.${index}`;
}

/**
 * Whether changes after this place may have been deleted already. Numbers are no smaller than the time of their row, so what
 * follows a recent number is still kept; `oldest` is the number of the oldest row that is kept, null where there is none.
 */
export function isExpired(place: StreamPlace, oldest: number | null, now: number): boolean {
  return (oldest === null || place.number < oldest) && place.number < now - CHANGES_KEPT_MILLISECONDS;
}
