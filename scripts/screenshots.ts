import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { browserMissing, openBrowser, picturesOf } from "../test/e2e/support/browser.ts";
import { Tidemark } from "../test/e2e/support/tidemark.ts";
import { walk } from "../test/e2e/support/walk.ts";
import { buildWeb } from "./local.ts";

// `npm run screenshots [-- FOLDER]`: a Tidemark of its own, and every page in each of its states, light, dark and on a phone.

const folder = resolve(process.argv[2] ?? ".state/screenshots");
const missing = browserMissing();
if (missing !== undefined) throw new Error(missing);
mkdirSync(folder, { recursive: true });
await buildWeb();
const [tidemark, browser] = await Promise.all([Tidemark.start(), openBrowser()]);
try {
  let pictures = 0;
  await walk(tidemark, browser, async (page, name) => {
    pictures += await picturesOf(page, name, folder);
    console.log(name);
  });
  console.log(`${pictures} pictures are in ${folder}`);
} finally {
  await browser.close();
  await tidemark.stop();
}
