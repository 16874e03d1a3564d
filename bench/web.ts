import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { FIRST_LOAD_KILOBYTES_MAX } from "../scripts/first-load.ts";
import { buildWeb } from "../scripts/local.ts";
import { browserMissing, newVisitor, openBrowser } from "../test/e2e/support/browser.ts";
import { Tidemark } from "../test/e2e/support/tidemark.ts";

// `npm run bench:web`: what a person who opens Tidemark waits for, in Chromium, against a Tidemark of its own.

const ACCOUNT = "alice@contoso.example";
const ROUNDS = 5;
const HERE = /^Everything the source (had|could hand out)/;

interface Load {
  scriptKilobytes: number;
  firstContentMilliseconds: number;
  largestContentMilliseconds: number;
  layoutShift: number;
}

const missing = browserMissing();
if (missing !== undefined) throw new Error(missing);
await buildWeb();
const [tidemark, browser] = await Promise.all([Tidemark.start(), openBrowser()]);
try {
  const landing = await median(() => firstLoad(browser, tidemark, "/", (page) => page.getByRole("heading", { level: 1 }).waitFor()));
  const overview = await median(() => firstLoad(browser, tidemark, "/app", (page) => page.getByText(HERE).waitFor()));
  const changes = await routeChanges(browser, tidemark);
  report({ landing, overview }, changes);
} finally {
  await browser.close();
  await tidemark.stop();
}

/** A page as somebody loads it who has nothing of it yet. */
async function firstLoad(browser: Browser, tidemark: Tidemark, path: string, shown: (page: Page) => Promise<void>): Promise<Load> {
  const { page, context } = await newVisitor(browser, tidemark.origin);
  if (path !== "/") await signIn(page);
  const session = await context.storageState();
  await context.close();
  const fresh = await browser.newContext({ baseURL: tidemark.origin, viewport: { width: 1280, height: 860 }, storageState: session });
  const visit = await fresh.newPage();
  const scripts: Promise<number>[] = [];
  visit.on("response", (response) => {
    if (response.request().resourceType() === "script") scripts.push(response.body().then((body) => gzipSync(body, { level: 9 }).length));
  });
  await visit.addInitScript(() => {
    const seen = { largest: 0, shift: 0 };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.largest = entry.startTime;
    }).observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.shift += (entry as PerformanceEntry & { value: number }).value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await visit.goto(path);
  await shown(visit);
  await visit.waitForTimeout(1_000);
  const { first, largest, shift } = await visit.evaluate(() => {
    const { seen } = window as unknown as { seen: { largest: number; shift: number } };
    return { first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN, ...seen };
  });
  const bytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
  await fresh.close();
  return { scriptKilobytes: bytes / 1000, firstContentMilliseconds: first, largestContentMilliseconds: largest, layoutShift: shift };
}

/** From the click to the new page's heading, each page visited once before: what is measured is the page, not the network. */
async function routeChanges(browser: Browser, tidemark: Tidemark): Promise<Record<string, number>> {
  const { page, context } = await newVisitor(browser, tidemark.origin);
  await signIn(page);
  await page.getByText(HERE).waitFor();
  const navigation = page.getByRole("navigation", { name: "Main" });
  const times: Record<string, number[]> = { activity: [], overview: [], palette: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const measured = {
      activity: await timed(page, () => navigation.getByRole("link", { name: "Activity" }).click(), "Activity"),
      overview: await timed(page, () => navigation.getByRole("link", { name: "Overview" }).click(), /safe in/),
      palette: await timed(page, () => page.keyboard.press("Control+k"), "Search and commands"),
    };
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    // The first round loads the code.
    if (round > 0) for (const [name, time] of Object.entries(measured)) times[name]?.push(time);
  }
  await context.close();
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, middle(list)]));
}

async function timed(page: Page, act: () => Promise<unknown>, heading: string | RegExp): Promise<number> {
  const begun = performance.now();
  await act();
  await page.getByRole("heading", { name: heading }).first().waitFor();
  return performance.now() - begun;
}

async function signIn(page: Page): Promise<void> {
  await page.goto(`/auth/microsoft/login?provider=onedrive&login_hint=${ACCOUNT}`);
  await page.waitForURL("**/app");
}

async function median(measure: () => Promise<Load>): Promise<Load> {
  const loads: Load[] = [];
  for (let round = 0; round < ROUNDS; round += 1) loads.push(await measure());
  const of = (name: keyof Load) => middle(loads.map((load) => load[name]));
  return {
    scriptKilobytes: of("scriptKilobytes"),
    firstContentMilliseconds: of("firstContentMilliseconds"),
    largestContentMilliseconds: of("largestContentMilliseconds"),
    layoutShift: of("layoutShift"),
  };
}

function middle(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}

function report(loads: Record<string, Load>, changes: Record<string, number>): void {
  console.log("\n| first load | JavaScript, gzip | first content | largest content | layout shift |\n|---|---|---|---|---|");
  for (const [name, load] of Object.entries(loads)) {
    const cells = [
      `${load.scriptKilobytes.toFixed(1)} kB`,
      `${load.firstContentMilliseconds.toFixed(0)} ms`,
      `${load.largestContentMilliseconds.toFixed(0)} ms`,
      load.layoutShift.toFixed(3),
    ];
    console.log(`| ${name} | ${cells.join(" | ")} |`);
    if (load.scriptKilobytes > FIRST_LOAD_KILOBYTES_MAX) {
      console.error(`${name} loads more than ${FIRST_LOAD_KILOBYTES_MAX} kB of JavaScript.`);
      process.exitCode = 1;
    }
  }
  console.log("\n| click to | shown after |\n|---|---|");
  for (const [name, time] of Object.entries(changes)) console.log(`| ${name} | ${time.toFixed(0)} ms |`);
}
