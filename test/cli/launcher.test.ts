import { execFile } from "node:child_process";
import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const CLI = resolve(import.meta.dirname, "../../cli");
const OLD_NODE = 'data:text/javascript,Object.defineProperty(process, "versions", { value: { node: "20.20.2" } })';

function start(program: string, ...before: string[]): Promise<{ code: unknown; out: string; notes: string }> {
  return new Promise((end) => {
    execFile(process.execPath, [...before, program, "schema"], (error, out, notes) => end({ code: error?.code ?? 0, out, notes }));
  });
}

it("the program starts on this Node", async () => {
  const { code, out } = await start(join(CLI, "tidemark.js"));
  expect([code, JSON.parse(out)]).toMatchObject([0, { title: "tidemark.yaml" }]);
});

it("on one that is too old it goes on with the Node that came with the packages", async () => {
  const { code, out } = await start(join(CLI, "tidemark.js"), "--import", OLD_NODE);
  expect([code, JSON.parse(out)]).toMatchObject([0, { title: "tidemark.yaml" }]);
});

it("where there is none, it says what is missing", async () => {
  const folder = join(mkdtempSync(join(tmpdir(), "tidemark-cli-")), "cli");
  cpSync(CLI, folder, { recursive: true });
  const { code, out, notes } = await start(join(folder, "tidemark.js"), "--import", OLD_NODE);
  expect([code, out, notes]).toEqual([1, "", "tidemark needs Node 24 or newer, and this is 20.20.2. Run npm ci, which brings one.\n"]);
});
