import type { Page } from "playwright-core";
import { FILE_ROW, middleOf, timed } from "./rounds.ts";

// From a click or a key to what it brings. Everything is done once before: what is measured is the page, not the loading of its code.

const ROUNDS = 5;

export interface Moves {
  activity: number;
  files: number;
  overview: number;
  sync: number;
  syncFiles: number;
  palette: number;
}

/** `page` shows the overview of somebody who has one sync, of this name. */
export async function moves(page: Page, sync: string): Promise<Moves> {
  await round(page, sync);
  return middleOf(ROUNDS, () => round(page, sync));
}

async function round(page: Page, sync: string): Promise<Moves> {
  const heading = (name: string | RegExp) => page.getByRole("heading", { name }).first().waitFor();
  const go = (name: string) => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
  const main = page.getByRole("main");
  const activity = await timed(
    () => go("Activity"),
    () => heading("Activity"),
  );
  const files = await timed(
    () => go("Files"),
    () => main.getByRole("link", { name: sync }).waitFor(),
  );
  const overview = await timed(
    () => go("Overview"),
    () => heading(/safe/),
  );
  const syncPage = await timed(
    () => main.getByRole("link", { name: sync, exact: true }).first().click(),
    () => page.getByRole("tab", { name: "History" }).waitFor(),
  );
  await go("Files");
  const syncFiles = await timed(
    () => main.getByRole("link", { name: sync }).click(),
    () => page.locator(FILE_ROW).first().waitFor(),
  );
  await go("Overview");
  await heading(/safe/);
  const palette = await timed(
    () => page.keyboard.press("Control+k"),
    () => heading("Search and commands"),
  );
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  return { activity, files, overview, sync: syncPage, syncFiles, palette };
}
