import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserMissing, openBrowser, problemsOf } from "./support/browser.ts";
import { Tidemark } from "./support/tidemark.ts";
import { walk } from "./support/walk.ts";

const missing = browserMissing();

describe.skipIf(missing !== undefined)(`the pages${missing ? ` (${missing})` : ""}`, () => {
  let tidemark: Tidemark;
  let browser: Browser;

  beforeAll(async () => {
    [tidemark, browser] = await Promise.all([Tidemark.start(), openBrowser()]);
  });

  afterAll(async () => {
    await browser?.close();
    await tidemark?.stop();
  });

  it("can be used by everybody in each of their states, light, dark and on a phone", { timeout: 600_000 }, async () => {
    const problems: string[] = [];
    const visited: string[] = [];
    await walk(tidemark, browser, async (page, name) => {
      visited.push(name);
      problems.push(...(await problemsOf(page, name, { dark: true })));
    });
    expect(problems).toEqual([]);
    expect(visited.length).toBeGreaterThan(15);
  });
});
