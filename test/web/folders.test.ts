import { describe, expect, test } from "vitest";
import { folderChain, type KnownFolders } from "../../web/src/lib/folders.ts";
import { nextProblems, PROBLEMS_START, type ProblemCursor } from "../../web/src/lib/problems.ts";
import type { Item, Run } from "../../worker/wire.ts";

function item(id: string, parentId: string | null): Item {
  return {
    id,
    syncId: "sync",
    remoteId: id,
    parentId,
    name: `Folder ${id}`,
    path: `/${id}`,
    kind: "folder",
    size: null,
    mimeType: null,
    webUrl: null,
    createdAt: null,
    modifiedAt: null,
    lastSeenAt: "2026-11-20T14:00:00Z",
    hash: null,
    sha256: null,
    storedSize: null,
    state: "stored",
    reason: null,
    nextAttemptAt: null,
    storedAt: null,
    servedDiffers: false,
    restoredFrom: null,
    kept: null,
    preview: null,
  };
}

describe("the folders above a place", () => {
  test("are asked for once each, and named from the outside in", async () => {
    const parents: Record<string, string | null> = { a: null, b: "a", c: "b" };
    const asked: string[] = [];
    const known: KnownFolders = new Map();
    const load = async (id: string) => {
      asked.push(id);
      return item(id, parents[id] ?? null);
    };
    expect((await folderChain("c", known, load)).map((folder) => folder.id)).toEqual(["a", "b", "c"]);
    expect((await folderChain("b", known, load)).map((folder) => folder.name)).toEqual(["Folder a", "Folder b"]);
    expect(asked).toEqual(["c", "b", "a"]);
  });

  test("a chain that bites its tail ends", async () => {
    const chain = await folderChain("x", new Map(), async (id) => item(id, id === "x" ? "y" : "x"));
    expect(chain.length).toBeLessThanOrEqual(500);
  });
});

describe("the files of a sync that failed", () => {
  const run = (id: string, failed: number) => ({ id, progress: { failed, skipped: 0 } }) as Run;
  const pages = { r4: [["a", "b"], [], ["c"]], r2: [["d"]] } as Record<string, string[][]>;
  const asked: string[] = [];
  const sources = {
    runs: async (cursor: string | null) =>
      cursor === null ? { items: [run("r4", 3), run("r3", 0)], cursor: "older" } : { items: [run("r2", 9), run("r1", 0)], cursor: null },
    files: async (runId: string, _state: string, cursor: string | null) => {
      asked.push(runId);
      const number = Number(cursor ?? 0);
      const list = pages[runId] ?? [];
      return { items: (list[number] ?? []).map((id) => item(id, null)), cursor: number + 1 < list.length ? String(number + 1) : null };
    },
  };

  test("are found in every run that had some, over empty pages, from where the last answer ended", async () => {
    const found: string[] = [];
    let cursor: ProblemCursor | null = PROBLEMS_START;
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof nextProblems>> = await nextProblems(sources, "failed", cursor, 2);
      found.push(...page.items.map((failed) => failed.id));
      cursor = page.cursor;
    }
    expect(found).toEqual(["a", "b", "c", "d"]);
    expect(asked).not.toContain("r3");
  });
});
