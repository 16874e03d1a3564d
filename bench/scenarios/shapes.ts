import { encodeItemId } from "../../worker/item-id.ts";
import { costOf, Person, sum } from "../measure.ts";
import type { Figure, Section } from "../report.ts";
import type { Tidemark } from "../tidemark.ts";
import { costOfRun } from "./changes.ts";

// Drives of an odd shape, metadata only: a folder with very many children, a very deep one, and both renamed.

const PAGE_ITEMS = 1_000;
const PAGES = 10;
/** As deep as a path of Microsoft's 400 characters can be, or nearly. */
const DEPTH = 195;
/** A rename is one row, and what its run writes in any case. */
const RENAME_ROWS_MAX = 20;

interface ItemPage {
  items: { name: string; kind: string; id: string; path: string }[];
  cursor: string | null;
}

/** Half of the files are in one folder. */
export async function wideFolder(tidemark: Tidemark, children: number): Promise<Section> {
  const person = new Person(tidemark, `wide-${children}`);
  await tidemark.sandbox.generate(person.account, { files: 2 * children, folders: 1, meanBytes: 1_000, seed: 3 });
  const listing = await list(person, tidemark);
  const { items } = await person.stats();
  const folder = (await person.get<ItemPage>(`/api/v1/syncs/${person.syncId}/items?limit=1`)).items.find((item) => item.kind === "folder");
  if (!folder) throw new Error("The folder is the first of the root's children.");
  const browsing = await browse(tidemark, person, folder.id);
  const rename = await costOfRun(tidemark, person, [{ op: "rename", path: folder.path, name: "renamed" }]);
  return {
    title: `a folder of about ${children} children, in a drive of ${items} items, metadata only`,
    figures: [
      { name: "items listed", value: items / listing.seconds, unit: "items/s" },
      { name: `a page of ${PAGE_ITEMS} children, of the first ${PAGES}`, value: browsing.milliseconds, unit: "ms" },
      { name: "D1 rows read for it", value: browsing.rowsRead, unit: "", goal: PAGE_ITEMS * 10 },
      ...renamed(rename.run),
    ],
    details: { listing, rename: rename.cost },
  };
}

export async function deepFolder(tidemark: Tidemark): Promise<Section> {
  const person = new Person(tidemark, "deep");
  await tidemark.sandbox.generate(person.account, { files: 10, folders: 1, meanBytes: 1_000, seed: 4 });
  const path = `${"/d".repeat(DEPTH)}/f`;
  const [remoteId = ""] = await tidemark.sandbox.mutate(person.account, [{ op: "create", path, bytes: 10 }]);
  const listing = await list(person, tidemark);
  const id = encodeItemId(person.syncId, remoteId);
  const look = await costOf(tidemark, async () => {
    const found = (await person.get<{ path: string }>(`/api/v1/items/${id}`)).path;
    if (found !== path) throw new Error(`The path is ${found}.`);
  });
  const rename = await costOfRun(tidemark, person, [{ op: "rename", path: "/d", name: "e" }]);
  const after = (await person.get<{ path: string }>(`/api/v1/items/${id}`)).path;
  if (after !== path.replace("/d", "/e")) throw new Error(`The path is ${after}.`);
  return {
    title: `a file ${DEPTH} folders deep`,
    figures: [
      { name: "its path, D1 rows read", value: sum(look.counts, /^d1\.rowsRead$/), unit: "", goal: DEPTH * 6 },
      ...renamed(rename.run),
    ],
    details: { listing, look, rename: rename.cost },
  };
}

async function list(person: Person, tidemark: Tidemark) {
  return costOf(tidemark, async () => {
    const startedAt = Date.now();
    await person.signIn();
    await person.untilChecked(startedAt);
  });
}

async function browse(tidemark: Tidemark, person: Person, folderId: string): Promise<{ milliseconds: number; rowsRead: number }> {
  let pages = 0;
  const cost = await costOf(tidemark, async () => {
    let cursor: string | null = "";
    while (cursor !== null && pages < PAGES) {
      const query: string = `parent=${folderId}&limit=${PAGE_ITEMS}${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
      const page: ItemPage = await person.get<ItemPage>(`/api/v1/syncs/${person.syncId}/items?${query}`);
      cursor = page.cursor;
      pages += 1;
    }
  });
  return { milliseconds: (cost.seconds * 1000) / pages, rowsRead: sum(cost.counts, /^d1\.rowsRead$/) / pages };
}

function renamed(run: { requests: number; d1Rows: number; seconds: number }): Figure[] {
  return [
    { name: "its folder renamed: D1 rows", value: run.d1Rows, unit: "", goal: RENAME_ROWS_MAX, note: "with the run's" },
    { name: "its folder renamed: provider requests", value: run.requests, unit: "", goal: 2 },
    { name: "its folder renamed: seconds", value: run.seconds, unit: "" },
  ];
}
