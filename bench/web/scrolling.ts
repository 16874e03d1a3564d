import type { Page } from "playwright-core";

// Scrolling a long list, a step in each frame, and how long the frames took.

/** What a frame may take before somebody sees it stutter. */
const LONG_MILLISECONDS = 50;
/** 12,000 pixels a second: a wheel that is flung. */
const FLUNG_PIXELS = 200;
const FLUNG_FRAMES = 600;
/** The bar drawn from one end to the other in about four seconds. */
const DRAWN_FRAMES = 240;

export interface Frames {
  frames: number;
  seconds: number;
  middleMilliseconds: number;
  longestMilliseconds: number;
  /** Of all frames. */
  longShare: number;
}

interface Scroll {
  /** Pixels a frame. */
  step: number;
  /** Ends when this row, counted from 1, is drawn. */
  row?: number;
  framesMax: number;
}

/** From the top on as fast as a wheel is flung, while it loads and once it has; and by the bar, through all of it. */
export async function scrollThrough(page: Page): Promise<Record<string, Frames>> {
  const grid = page.locator("[role=grid]");
  const flung = async () => {
    await grid.evaluate((element) => (element.scrollTop = 0));
    return scroll(page, { step: FLUNG_PIXELS, framesMax: FLUNG_FRAMES });
  };
  const loading = await flung();
  const loaded = await flung();
  const height = await grid.evaluate((element) => (element.scrollTop = element.scrollHeight));
  const drawn = await scroll(page, { step: -Math.ceil(height / DRAWN_FRAMES), row: 1, framesMax: 2 * DRAWN_FRAMES });
  return { "flung from the top, as it loads": loading, "flung again, over what is loaded": loaded, "the bar drawn from end to top": drawn };
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
        grid.scrollTop += step;
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
