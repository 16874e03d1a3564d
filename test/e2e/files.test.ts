import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserMissing, newVisitor, openBrowser, problemsOf } from "./support/browser.ts";
import { Client } from "./support/client.ts";
import { Tidemark } from "./support/tidemark.ts";

const CAROL = "carol@contoso.example";
const RUN_SECONDS = 120;
/** It starts, and two rounds come in. */
const SETUP_SECONDS = 420;
const ATTACK = `<script>parent.document.title = "taken over"</script><img src="https://evil.example/pixel.png">`;
const LARGE_FOLDER_FILES = process.env["E2E_FULL"] ? 20_000 : 600;

/** A page all of this red, and nothing else. */
const RED_PDF = `%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R>> endobj
4 0 obj <</Length 28>> stream
1 0 0 rg 0 0 400 300 re f
endstream endobj
trailer <</Root 1 0 R>>
%%EOF
`;

/** Reads a zip as another program does, and checks it. */
const READ_ZIP = `
import hashlib, json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as file:
    assert file.testzip() is None
    print(json.dumps({each.filename: hashlib.sha256(file.read(each)).hexdigest() for each in file.infolist()}))
`;

const missing = browserMissing();

describe.skipIf(missing !== undefined)(`files in a browser${missing ? ` (${missing})` : ""}`, () => {
  let tidemark: Tidemark;
  let browser: Browser;
  let page: Page;
  let client: Client;
  let syncId: string;

  beforeAll(async () => {
    [tidemark, browser] = await Promise.all([Tidemark.start(), openBrowser()]);
    ({ page } = await newVisitor(browser, tidemark.origin));
    await page.goto(`/auth/microsoft/login?provider=onedrive&login_hint=${CAROL}`);
    await page.waitForURL("**/app");
    client = Client.withCookies(tidemark.origin, await page.context().cookies());
    syncId = await client.firstSync();
    await tidemark.sandbox.mutate(CAROL, [
      { op: "create", path: "/Läden/Übersicht.md", bytes: `# Old heading\n\n${ATTACK}` },
      { op: "create", path: "/Läden/Notes.txt", bytes: "some notes" },
      { op: "create", path: "/Läden/Red.pdf", bytes: RED_PDF },
      { op: "create", path: "/Läden/Deep/Letter.txt", bytes: "a letter" },
      ...Array.from({ length: LARGE_FOLDER_FILES }, (_, n) => ({ op: "create", path: `/Many/file ${n}.txt`, bytes: `file ${n}` })),
    ]);
    await client.untilEqual(syncId, () => tidemark.sandbox.tree(CAROL), RUN_SECONDS);
    await tidemark.sandbox.mutate(CAROL, [{ op: "update", path: "/Läden/Übersicht.md", bytes: `# New heading\n\n${ATTACK}` }]);
    await client.untilEqual(syncId, () => tidemark.sandbox.tree(CAROL), RUN_SECONDS);
  }, SETUP_SECONDS * 1000);

  afterAll(async () => {
    await browser?.close();
    await tidemark?.stop();
  });

  it("a file is found by a part of its name, looked at, and its old version taken back", async () => {
    await page.goto("/app/files");
    await page
      .getByRole("main")
      .getByRole("link", { name: /files, / })
      .waitFor();
    expect(await problemsOf(page, "files-all")).toEqual([]);
    await page.getByRole("textbox", { name: "Search files and folders" }).fill("laden/ubersicht");
    const row = page.getByRole("row", { name: /Übersicht\.md/ });
    await row.waitFor();
    expect(await problemsOf(page, "files-found")).toEqual([]);
    await row.getByText("Übersicht.md").click();
    await page.getByRole("button", { name: "Preview", exact: true }).click();
    const shown = page.frameLocator("iframe");
    await shown.getByRole("heading", { name: "New heading" }).waitFor();
    // What is written as markup is there to be read, and has done nothing.
    await shown.getByText("taken over").waitFor();
    expect(await page.title()).not.toBe("taken over");
    expect(await shown.locator("script, img").count()).toBe(0);
    expect(await problemsOf(page, "files-preview")).toEqual([]);
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.getByRole("button", { name: "Preview version 1" }).click();
    await shown.getByRole("heading", { name: "Old heading" }).waitFor();
    // It has the colours of the page around it, and follows them.
    await shown.locator("html:not(.dark)").waitFor();
    await page.emulateMedia({ colorScheme: "dark" });
    await shown.locator("html.dark").waitFor();
    await page.emulateMedia({ colorScheme: "light" });
    await shown.locator("html:not(.dark)").waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.getByRole("button", { name: "Restore version 1" }).click();
    await page.getByText("3, current, restored from 1").waitFor();
    const [found] = (await client.get<{ items: { id: string }[] }>(`/api/v1/search?q=ubersicht`)).items;
    const content = await client.raw(`/api/v1/items/${found?.id}/content`);
    expect(await content.text()).toBe(`# Old heading\n\n${ATTACK}`);
  });

  it("what is chosen comes as a zip, byte for byte what the source has", async () => {
    await page.goto(`/app/syncs/${syncId}/files`);
    await page.getByRole("grid").getByRole("link", { name: "Läden" }).click();
    await page.getByRole("row", { name: /Notes\.txt/ }).click({ modifiers: ["Control"] });
    await page.getByRole("row", { name: /Deep/ }).click({ modifiers: ["Control"] });
    await page.getByText("2 entries chosen").waitFor();
    expect(await problemsOf(page, "files-chosen")).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("toolbar").getByRole("button", { name: "Download as zip" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("Läden.zip");
    const inZip = JSON.parse(execFileSync("python3", ["-c", READ_ZIP, await download.path()], { encoding: "utf8" })) as object;
    const source = new Map((await tidemark.sandbox.tree(CAROL)).map(({ path, sha256 }) => [path, sha256]));
    const empty = createHash("sha256").digest("hex");
    expect(inZip).toEqual({
      "Deep/": empty,
      "Deep/Letter.txt": source.get("/Läden/Deep/Letter.txt"),
      "Notes.txt": source.get("/Läden/Notes.txt"),
    });
  });

  it("a PDF is seen, and seen again once the browser has it", async () => {
    const reader = await page.context().newPage();
    for (const time of ["first", "second"]) {
      await page.goto("/app/files?q=red.pdf");
      await page.getByRole("row", { name: /Red\.pdf/ }).click();
      await page.getByRole("button", { name: "Preview", exact: true }).click();
      const frame = page.locator("iframe");
      await frame.waitFor();
      await expect
        .poll(async () => redOf(reader, await frame.screenshot()), { timeout: 30_000, interval: 500, message: time })
        .toBeGreaterThan(0.2);
    }
    await reader.close();
    await page.getByRole("button", { name: "Close", exact: true }).click();
  });

  it("keys alone choose what was removed, and take it back out of the trash", async () => {
    await page.goto(`/app/syncs/${syncId}/files?view=trash`);
    await page.getByText("Nothing was removed that could be taken back.").waitFor();
    await tidemark.sandbox.mutate(CAROL, [{ op: "delete", path: "/Läden/Notes.txt" }]);
    await page.getByRole("row", { name: /Notes\.txt/ }).waitFor({ timeout: RUN_SECONDS * 1000 });
    expect(await problemsOf(page, "files-trash")).toEqual([]);
    const grid = page.getByRole("grid");
    await grid.focus();
    await grid.press("Control+a");
    await page
      .getByRole("toolbar")
      .getByRole("button", { name: /^Restore/ })
      .click();
    await page.getByText("Nothing was removed that could be taken back.").waitFor();
    await page.goto(`/app/syncs/${syncId}/files?q=notes`);
    await page
      .getByRole("row", { name: /Notes\.txt/ })
      .getByText("Stored")
      .waitFor();
  });

  it("a large folder is scrolled and sorted on a phone, and draws only what is seen", async () => {
    await page.setViewportSize({ width: 360, height: 780 });
    await page.goto(`/app/syncs/${syncId}/files`);
    await page.getByRole("grid").getByRole("link", { name: "Many" }).click();
    await page.getByRole("row", { name: /file 0\.txt/ }).waitFor();
    const grid = page.getByRole("grid");
    await grid.focus();
    await page.getByText(new RegExp(`^${LARGE_FOLDER_FILES.toLocaleString("en")} entries$`)).waitFor();
    const names = Array.from({ length: LARGE_FOLDER_FILES }, (_, n) => `file ${n}.txt`).toSorted();
    const rowOf = (name: string | undefined) => page.getByRole("row").filter({ has: page.getByText(name ?? "", { exact: true }) });
    await grid.press("End");
    await rowOf(names.at(-1)).waitFor();
    expect(await page.getByRole("row").count()).toBeLessThan(60);
    // To the middle at once, as by dragging the scrollbar.
    await page.reload();
    await rowOf(names[0]).waitFor();
    await page.getByText(/^[\d,]+ entries$/).waitFor();
    await grid.evaluate((list) => (list.scrollTop = list.scrollHeight / 2));
    await rowOf(names[LARGE_FOLDER_FILES / 2]).waitFor();
    expect(await page.getByRole("row").count()).toBeLessThan(60);
    expect(await problemsOf(page, "files-many")).toEqual([]);
  });
});

/** How much of a picture is red. */
async function redOf(reader: Page, png: Buffer): Promise<number> {
  return reader.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas?.drawImage(image, 0, 0);
    const pixels = canvas?.getImageData(0, 0, image.width, image.height).data ?? [];
    let red = 0;
    for (let at = 0; at < pixels.length; at += 4) if (pixels[at] === 255 && pixels[at + 1] === 0 && pixels[at + 2] === 0) red += 1;
    return (red * 4) / pixels.length;
  }, png.toString("base64"));
}
