// Scales of charts. Pure.

/** The end of an axis: the least of 1, 2, 2.5, 4, 5 and 10, times a power of ten, that is not below the most that is shown. */
export function niceTop(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [1, 2, 2.5, 4, 5, 10].find((candidate) => candidate * power >= most) ?? 10;
  return step * power;
}
