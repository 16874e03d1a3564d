import type { Page } from "playwright-core";

// Scrolling a long list, a step in each frame, and how long the frames took.

/** What a frame may take before somebody sees it stutter. */
const LONG_MILLISECONDS = 50;
/** 12,000 pixels a second: a wheel that is flung. */
const FLUNG_PIXELS = 200;
const FLUNG_FRAMES = 300;
/** The bar drawn from one end to the other in about four seconds. */
const DRAWN_FRAMES = 240;
/** Of following what is loaded: a page comes with one of these at most. */
const FOLLOWED_FRAMES_MAX = 40_000;

export interface Frames {
  frames: number;
  seconds: number;
  middleMilliseconds: number;
  longestMilliseconds: number;
  /** Of all frames. */
  longShare: number;
}

interface Scroll {
  /** Pixels a frame; undefined: to the end of what is loaded. */
  step?: number;
  /** Ends when this row, counted from 1, is drawn. */
  row?: number;
  framesMax: number;
}

/** From the top to the last of `entries` rows as fast as they are loaded: first to the middle, then to the end. */
export async function scrollAsItLoads(page: Page, entries: number): Promise<Record<string, Frames>> {
  await page.locator("[role=grid]").evaluate((grid) => (grid.scrollTop = 0));
  return {
    "as it loads, to the middle": await scroll(page, { row: Math.floor(entries / 2), framesMax: FOLLOWED_FRAMES_MAX }),
    "as it loads, on to the end": await scroll(page, { row: entries, framesMax: FOLLOWED_FRAMES_MAX }),
  };
}

/** Through what is loaded already. */
export async function scrollWhatIsLoaded(page: Page): Promise<Record<string, Frames>> {
  const grid = page.locator("[role=grid]");
  const height = await grid.evaluate((element) => element.scrollHeight);
  await grid.evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
  const flung = await scroll(page, { step: FLUNG_PIXELS, framesMax: FLUNG_FRAMES });
  await grid.evaluate((element) => (element.scrollTop = element.scrollHeight));
  const drawn = await scroll(page, { step: -Math.ceil(height / DRAWN_FRAMES), row: 1, framesMax: 2 * DRAWN_FRAMES });
  return { "all loaded, flung from the middle": flung, "all loaded, the bar drawn from end to top": drawn };
}

async function scroll(page: Page, how: Scroll): Promise<Frames> {
  const taken = await page.evaluate(({ step, row, framesMax }) => {
    const grid = document.querySelector("[role=grid]");
    if (!grid) throw new Error("There is no list.");
    return new Promise<number[]>((done, fail) => {
      const frames: number[] = [];
      let before: number | undefined;
      const frame = (now: number) => {
        if (before !== undefined) frames.push(now - before);
        before = now;
        const there = row !== undefined && grid.querySelector(`[aria-rowindex="${row + 1}"][aria-selected]`) !== null;
        if (there || (row === undefined && frames.length >= framesMax)) return done(frames);
        if (frames.length >= framesMax) return fail(new Error(`Row ${row} does not come.`));
        grid.scrollTop = step === undefined ? grid.scrollHeight : grid.scrollTop + step;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
  }, how);
  const sum = taken.reduce((total, each) => total + each, 0);
  return {
    frames: taken.length,
    seconds: sum / 1000,
    middleMilliseconds: taken.toSorted((one, other) => one - other)[Math.floor(taken.length / 2)] ?? NaN,
    longestMilliseconds: Math.max(...taken),
    longShare: taken.filter((each) => each > LONG_MILLISECONDS).length / taken.length,
  };
}
