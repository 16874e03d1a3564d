import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import axe, { type RunOptions } from "axe-core";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page, type ViewportSize } from "playwright-core";

// Debian's Chromium, what it shows, and whether everybody can use it.

const CHROMIUM = "/usr/bin/chromium";
/**
 * A window of Chromium has two pages of its own below its address bar; at each opening they cost more than the page that
 * is looked at. The rest is what playwright-core turns off and a page could notice: of two such lists the last one counts.
 */
const FEATURES_OFF = [
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
  "AimEnabled",
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "MediaRouter",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
  "ThirdPartyStoragePartitioning",
];
const ARGUMENTS = [
  "--headless",
  `--disable-features=${FEATURES_OFF.join(",")}`,
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 360, height: 780 };
/** What a page does by itself; under load far slower than for a person at home. */
const PAGE_MILLISECONDS = 60_000;
const SCREENSHOTS = process.env["E2E_SCREENSHOTS"];
const PICTURE_PIXELS_MAX = 4_000;
/** What can differ from the first view, where everything is looked at. */
const COLOURS = ["color-contrast", "link-in-text-block"];
const ROOM = ["target-size", "scrollable-region-focusable"];
const VIEWS = [
  { name: "light", viewport: DESKTOP, colorScheme: "light", rules: {} },
  { name: "dark", viewport: DESKTOP, colorScheme: "dark", rules: { runOnly: COLOURS } },
  { name: "phone", viewport: PHONE, colorScheme: "light", rules: { runOnly: ROOM } },
] as const satisfies { name: string; viewport: ViewportSize; colorScheme: "light" | "dark"; rules: RunOptions }[];

/** Why there can be no browser here; undefined where there can. In CI that is a failure. */
export function browserMissing(): string | undefined {
  if (existsSync(CHROMIUM)) return undefined;
  const reason = `There is no ${CHROMIUM}. Install it with: apt-get install -y chromium`;
  if (process.env["CI"]) throw new Error(reason);
  return reason;
}

export function openBrowser(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: [...ARGUMENTS, ...more] });
}

/** A browser of somebody who was never here before. */
export function newVisitor(browser: Browser, origin: string): Promise<{ page: Page; context: BrowserContext }> {
  return visitor(browser, { baseURL: origin, viewport: DESKTOP, acceptDownloads: true });
}

/** The same on a phone, whose owner has fingers for a mouse. */
export function newPhone(browser: Browser, origin: string): Promise<{ page: Page; context: BrowserContext }> {
  return visitor(browser, { baseURL: origin, viewport: PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
}

async function visitor(browser: Browser, options: BrowserContextOptions): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext({ ...options, reducedMotion: "reduce" });
  context.setDefaultTimeout(PAGE_MILLISECONDS);
  return { page: await context.newPage(), context };
}

/**
 * What keeps people from using the page as it is now: all that axe finds, and a page wider than its window; in light, on a phone
 * and, where `dark` says so, in dark, whose colours are the same on all pages. Takes pictures of all three where E2E_SCREENSHOTS
 * names a folder.
 */
export async function problemsOf(page: Page, name: string, { dark = SCREENSHOTS !== undefined } = {}): Promise<string[]> {
  const problems: string[] = [];
  for (const view of VIEWS) {
    if (view.name === "dark" && !dark) continue;
    await page.setViewportSize(view.viewport);
    await page.emulateMedia({ colorScheme: view.colorScheme, reducedMotion: "reduce" });
    await settled(page);
    await shoot(page, `${name}-${view.name}`);
    for (const finding of await lastingFindings(page, view.rules)) problems.push(`${name}, ${view.name}: ${finding}`);
  }
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  return problems;
}

/** Half-way through a change of colours nothing has its contrast. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)));
    const ending = document.getAnimations().filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((animation) => animation.finished));
  });
}

/** What is still so a second later: on a busy machine a change of colours can begin after it was waited for. */
async function lastingFindings(page: Page, rules: RunOptions): Promise<string[]> {
  const findings = async (): Promise<string[]> => [...(await axeFindings(page, rules)), ...(await tooWide(page))];
  if ((await findings()).length === 0) return [];
  await page.waitForTimeout(1000);
  await settled(page);
  return findings();
}

async function axeFindings(page: Page, rules: RunOptions): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate((options) => (window as unknown as { axe: typeof axe }).axe.run(document, options), {
    ...rules,
    resultTypes: ["violations" as const],
  });
  return violations.map(({ id, help, nodes }) => {
    const places = nodes.map((node) => node.target.join(" "));
    return `${id} (${help}): ${places.slice(0, 3).join(", ")}`;
  });
}

async function tooWide(page: Page): Promise<string[]> {
  const [content, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth] as const);
  return content > room ? [`it is ${content - room} pixels wider than the window`] : [];
}

/** Takes a picture of the page, down to where a very long one goes on, where E2E_SCREENSHOTS names a folder. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  const window = page.viewportSize() ?? DESKTOP;
  // In a window as high as the page, what is fixed to the window's edges stands where it belongs.
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ ...window, height: Math.min(Math.max(height, window.height), PICTURE_PIXELS_MAX) });
  await settled(page);
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  await page.setViewportSize(window);
}
