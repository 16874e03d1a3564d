import type { Page } from "playwright-core";

// Figures that are taken several times, and the middle one of them.

export async function middleOf<T extends object>(rounds: number, measure: () => Promise<T>): Promise<T> {
  const taken: T[] = [];
  for (let round = 0; round < rounds; round += 1) taken.push(await measure());
  const [first] = taken;
  if (!first) throw new Error("Nothing was measured.");
  const names = Object.keys(first) as (keyof T)[];
  return Object.fromEntries(names.map((name) => [name, middle(taken.map((each) => Number(each[name])))])) as T;
}

export function middle(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}

/** Milliseconds from the act to what is then to be seen. */
export async function timed(act: () => Promise<unknown>, shown: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await act();
  await shown();
  return performance.now() - begun;
}

export async function signIn(page: Page, account: string): Promise<void> {
  await page.goto(`/auth/microsoft/login?provider=onedrive&login_hint=${account}`);
  await page.waitForURL("**/app");
}

/** A row of the list of files that shows an item, not the place of one that is still to come. */
export const FILE_ROW = "[role=row][aria-selected]";
