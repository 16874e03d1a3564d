/** A 32-bit bijection that scatters its input: consecutive numbers become unrelated ones. */
export function scatter(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Two numbers into one, different for every `index` below 2^32 of a `seed`. */
export function combine(seed: number, index: number): number {
  return scatter(scatter(seed) + Math.imul(index, 0x9e3779b1));
}

/** A reproducible stream of numbers in [0, 1). */
export function randomFrom(seed: number): () => number {
  let index = 0;
  return () => combine(seed, index++) / 0x1_0000_0000;
}
