// Counts by name, kept by the bench's Worker and read by the bench over HTTP. In workerd on one machine the Worker and its
// objects share one isolate, so that one set of counts sees all of them.

/** What a name counts: calls, rows, bytes or milliseconds. */
export type Counts = Record<string, number>;

const counts = new Map<string, number>();

export function count(name: string, amount = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + amount);
}

/** Counts a call, and the time until it is answered, which includes what it waits for. */
export async function timed<T>(name: string, call: () => Promise<T>): Promise<T> {
  count(`${name}.calls`);
  const startedAt = Date.now();
  try {
    return await call();
  } finally {
    count(`${name}.ms`, Date.now() - startedAt);
  }
}

export function snapshot(): Counts {
  return Object.fromEntries([...counts].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

let busy = 0;
let busySince = 0;

/** Measures for how long an object has anything to do: two things at once count once. */
export async function whileActive<T>(work: () => Promise<T>): Promise<T> {
  if (busy === 0) busySince = Date.now();
  busy += 1;
  try {
    return await work();
  } finally {
    busy -= 1;
    if (busy === 0) count("object.active.ms", Date.now() - busySince);
  }
}
