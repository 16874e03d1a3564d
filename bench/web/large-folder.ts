import type { Browser, Page } from "playwright-core";
import { newVisitor } from "../../test/e2e/support/browser.ts";
import { Client } from "../../test/e2e/support/client.ts";
import type { Tidemark } from "../../test/e2e/support/tidemark.ts";
import { FILE_ROW, middleOf, signIn, timed } from "./rounds.ts";
import { type Frames, scrollThrough } from "./scrolling.ts";

// A folder of very many entries, listed by the product itself from a source that has them: opened, scrolled and searched.

const ACCOUNT = "archive@contoso.example";
const SYNC = "OneDrive";
/** Small: the sandbox computes what it lists the hash of. */
const MEAN_BYTES = 100;
const LISTED_SECONDS = 1800;
const ROUNDS = 5;
const TYPING_MILLISECONDS = 50;
/** What stands below a list that is whole, or is as long as it will be. */
const WHOLE = /^\s*(The first 1,000|\d+ entr(y|ies)\s*$)/;
/** A sample of the names to search for. */
const NAMES = 500;

export interface LargeFolder {
  /** Until the first rows are there, and until they are when the page is loaded anew. */
  opened: { byClick: number; byAddress: number };
  scrolled: Record<string, Frames>;
  /** From the last letter: until the first rows, and until all is found that is shown. */
  searched: Record<string, Found>;
  palette: number;
}

interface Found {
  first: number;
  whole: number;
}

export async function largeFolder(browser: Browser, tidemark: Tidemark, entries: number): Promise<LargeFolder> {
  const { page, context } = await newVisitor(browser, tidemark.origin);
  await signIn(page, ACCOUNT);
  const client = Client.withCookies(tidemark.origin, await context.cookies());
  const syncId = await client.firstSync();
  await fill(tidemark, client, syncId, entries);
  const address = `/app/syncs/${syncId}/files`;
  const row = () => page.locator(FILE_ROW).first().waitFor();
  const opened = await middleOf(ROUNDS, async () => {
    await page.goto("/app/files");
    const byClick = await timed(
      () => page.getByRole("main").getByRole("link", { name: SYNC }).click(),
      () => row(),
    );
    const byAddress = await timed(
      () => page.goto(address),
      () => row(),
    );
    return { byClick, byAddress };
  });
  const scrolled = await scrollThrough(page);
  const { items } = await client.get<{ items: { name: string }[] }>(`/api/v1/syncs/${syncId}/items?limit=${NAMES}`);
  const rare = items.at(-1)?.name ?? "";
  const searched: Record<string, Found> = {};
  for (const query of [rare, "invoice", "no such name"]) searched[query] = await middleOf(ROUNDS, () => search(page, query));
  const { palette } = await middleOf(ROUNDS, async () => ({ palette: await searchPalette(page, rare) }));
  await context.close();
  return { opened, scrolled, searched, palette };
}

/** Metadata alone: what is measured is the catalogue. */
async function fill(tidemark: Tidemark, client: Client, syncId: string, entries: number): Promise<void> {
  await client.untilIdle(syncId, LISTED_SECONDS);
  await client.send("PATCH", `/api/v1/syncs/${syncId}`, { mode: "metadata" });
  await tidemark.sandbox.generate(ACCOUNT, { files: entries, folders: 0, meanBytes: MEAN_BYTES, seed: 5 });
  await client.send("POST", `/api/v1/syncs/${syncId}/run`, {});
  const listed = async () => (await client.get<{ stats: { items: number } }>(`/api/v1/syncs/${syncId}`)).stats.items >= entries;
  for (const until = Date.now() + LISTED_SECONDS * 1000; ;) {
    const { activeRun } = await client.status(syncId);
    if (activeRun === null && (await listed())) return;
    if (Date.now() > until) throw new Error(`The folder of ${entries} entries is not listed after ${LISTED_SECONDS} s.`);
    await new Promise((resume) => setTimeout(resume, 1_000));
  }
}

async function search(page: Page, query: string): Promise<Found> {
  await page.goto("/app/files");
  await page.getByRole("textbox", { name: "Search files and folders" }).click();
  await page.keyboard.type(query.slice(0, -1), { delay: TYPING_MILLISECONDS });
  const begun = performance.now();
  await page.keyboard.type(query.slice(-1));
  // Where nothing is found, that is what there is to see first.
  await page.locator(FILE_ROW).or(page.getByText("No name has")).first().waitFor();
  const first = performance.now() - begun;
  await page.getByRole("status").filter({ hasText: WHOLE }).waitFor();
  return { first, whole: performance.now() - begun };
}

async function searchPalette(page: Page, query: string): Promise<number> {
  await page.goto("/app");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Search and commands" });
  await palette.waitFor();
  await page.keyboard.type(query.slice(0, -1), { delay: TYPING_MILLISECONDS });
  return timed(
    () => page.keyboard.type(query.slice(-1)),
    () => palette.getByRole("option", { name: `/${query}` }).waitFor(),
  );
}
