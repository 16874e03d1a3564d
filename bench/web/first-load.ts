import { gzipSync } from "node:zlib";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { middleOf } from "./rounds.ts";

// A page as somebody loads it who has nothing of it yet. The Worker is on this machine: there is no network in these figures.

const ROUNDS = 5;
/** For what comes late: the largest content, and shifts. */
const LATE_MILLISECONDS = 1_000;

export interface Load {
  /** JavaScript that came, each file compressed with gzip. */
  scriptKilobytes: number;
  firstContentMilliseconds: number;
  largestContentMilliseconds: number;
  layoutShift: number;
}

export interface Place {
  path: string;
  /** What somebody came for. */
  shown: (page: Page) => Promise<void>;
}

type Session = Awaited<ReturnType<BrowserContext["storageState"]>>;

export function firstLoad(browser: Browser, origin: string, session: Session | undefined, place: Place): Promise<Load> {
  return middleOf(ROUNDS, async () => {
    const context = await browser.newContext({
      baseURL: origin,
      viewport: { width: 1280, height: 860 },
      ...(session && { storageState: session }),
    });
    try {
      return await load(await context.newPage(), place);
    } finally {
      await context.close();
    }
  });
}

async function load(page: Page, { path, shown }: Place): Promise<Load> {
  const scripts: Promise<number>[] = [];
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") scripts.push(response.body().then((body) => gzipSync(body, { level: 9 }).length));
  });
  await page.addInitScript(() => {
    const seen = { largest: NaN, shift: 0 };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.largest = entry.startTime;
    }).observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.shift += (entry as PerformanceEntry & { value: number }).value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(path);
  await shown(page);
  await page.waitForTimeout(LATE_MILLISECONDS);
  const { first, largest, shift } = await page.evaluate(() => {
    const { seen } = window as unknown as { seen: { largest: number; shift: number } };
    return { first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN, ...seen };
  });
  const bytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
  return { scriptKilobytes: bytes / 1000, firstContentMilliseconds: first, largestContentMilliseconds: largest, layoutShift: shift };
}
