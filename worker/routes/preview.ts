import type { AppContext, UserEnv } from "../context.ts";
import { pathsOf } from "../db/browse.ts";
import type { Database } from "../db/client.ts";
import { catalogue } from "../db/client.ts";
import { getConnection } from "../db/connections.ts";
import { idsAtPaths, scanFolders } from "../db/folders.ts";
import type { ItemScope } from "../db/items.ts";
import { scanItems } from "../db/items.ts";
import type { SyncRow } from "../db/syncs.ts";
import { listSyncs } from "../db/syncs.ts";
import { AppError } from "../errors.ts";
import type { FolderLink } from "../sync/chains.ts";
import { chainAbove, NO_CHAIN } from "../sync/chains.ts";
import { toFilters, toSelection } from "../sync/given-rules.ts";
import type { SyncMode } from "../sync/item.ts";
import { asNew, Preview } from "../sync/preview.ts";
import type { Ruling } from "../sync/ruling.ts";
import { EVERYTHING } from "../sync/ruling.ts";
import type { Filters, SelectionEntry } from "../sync/rules.ts";
import { DEFAULT_OPTIONS } from "../sync/rules.ts";
import { resolvePaths, unresolvedPaths } from "../sync/selection.ts";
import { compileRules, wantedness } from "../sync/wanted.ts";
import type { Preview as WirePreview, PreviewRequest } from "../wire.ts";

// What rules would keep, told from the catalogue alone, which is gone through a chunk at a time.

/** Rows of one statement. */
const ITEMS_MAX = 2_500;
const FOLDERS_MAX = 5_000;
/** Statements of one preview: D1 takes 1,000 an invocation. With the rows of each, 1.75 million items. */
const ITEM_CHUNKS_MAX = 700;
/** Folders in memory at once, where the rules go by them: up to about 60 MB. */
const KNOWN_FOLDERS_MAX = 200_000;

interface Asked {
  mode: SyncMode;
  selection: SelectionEntry[];
  filters: Filters;
}

/** What the sync would keep by these rules, beside what it keeps now. */
export async function previewSync(c: AppContext<UserEnv>, sync: SyncRow, request: PreviewRequest): Promise<WirePreview> {
  if (sync.itemCount === 0) throw noMetadata();
  const asked: Asked = {
    mode: request.mode ?? sync.mode,
    selection: request.selection ? toSelection(request.selection) : sync.selection,
    filters: request.filters ? toFilters(request.filters) : sync.filters,
  };
  const { preview, unknownPaths } = await goThrough(c, sync.id, asked, false);
  const { added, fetched, dropped, unchanged } = preview;
  const held = preview.isHeld({ ...DEFAULT_OPTIONS.removalLimit, ...sync.options.removalLimit });
  return { ...(await shown(c, sync.id, preview)), unknownPaths, change: { added, fetched, dropped, unchanged, held } };
}

/** What a new sync would keep, by what the connection's fullest sync knows. */
export async function previewNew(c: AppContext<UserEnv>, request: PreviewRequest & { connectionId: string }): Promise<WirePreview> {
  const { id: userId, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  if (!(await getConnection(db, userId, request.connectionId))) throw new AppError("connection.not_found", "There is no such connection.");
  const syncs = (await listSyncs(db, userId)).filter((sync) => sync.connectionId === request.connectionId && sync.status !== "deleting");
  const [fullest] = syncs.toSorted((one, other) => other.itemCount - one.itemCount);
  if (!fullest || fullest.itemCount === 0) throw noMetadata();
  const asked: Asked = {
    mode: request.mode ?? "content",
    selection: toSelection(request.selection ?? []),
    filters: toFilters(request.filters ?? {}),
  };
  const { preview, unknownPaths } = await goThrough(c, fullest.id, asked, true);
  return { ...(await shown(c, fullest.id, preview)), unknownPaths, change: null };
}

async function goThrough(c: AppContext<UserEnv>, syncId: string, asked: Asked, isNew: boolean) {
  const { id: userId, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  const scope = { userId, syncId };
  const ids = await idsAtPaths(db, scope, unresolvedPaths(asked.selection));
  const selection = resolvePaths(asked.selection, ids);
  const preview = new Preview(await rulingOver(db, scope, { ...asked, selection }), asked.mode);
  let after = "";
  for (let chunk = 0; ; chunk += 1) {
    if (chunk === ITEM_CHUNKS_MAX) throw tooLarge(`more than ${ITEM_CHUNKS_MAX * ITEMS_MAX} items`);
    const rows = await scanItems(db, scope, after, ITEMS_MAX);
    for (const row of rows) {
      const judged = isNew ? asNew(row) : row;
      if (judged) preview.add(judged);
    }
    after = rows.at(-1)?.remoteId ?? "";
    if (rows.length < ITEMS_MAX) return { preview, unknownPaths: unresolvedPaths(selection) };
  }
}

/** The rules over the whole catalogue; its folders are read first where they matter. */
async function rulingOver(db: Database, scope: ItemScope, asked: Asked): Promise<Ruling> {
  const rules = compileRules(asked);
  if (!rules.needsChain) return { ...EVERYTHING, wanted: (row) => wantedness(row, NO_CHAIN, rules) };
  const links = new Map<string, FolderLink>();
  let after = "";
  for (;;) {
    const folders = await scanFolders(db, scope, after, FOLDERS_MAX);
    for (const { remoteId, parentId, name } of folders) links.set(remoteId, { parentId, name });
    if (links.size > KNOWN_FOLDERS_MAX) throw tooLarge(`more than ${KNOWN_FOLDERS_MAX} folders`);
    if (folders.length < FOLDERS_MAX) break;
    after = folders.at(-1)?.remoteId ?? "";
  }
  return { ...EVERYTHING, wanted: (row) => wantedness(row, chainAbove(row.parentId, links), rules) };
}

async function shown(c: AppContext<UserEnv>, syncId: string, preview: Preview) {
  const { id: userId, homeShard } = c.var.user;
  const { total, kept } = preview;
  const reasons = [...preview.leftOut].toSorted(([, one], [, other]) => other.files - one.files);
  const samples = reasons.flatMap(([, tally]) => tally.samples);
  const paths = await pathsOf(catalogue(c.env, homeShard), userId, syncId, samples);
  const leftOut = reasons.map(([reason, tally]) => ({ ...tally, reason, samples: tally.samples.map((id) => paths.get(id) ?? "/") }));
  return { syncId, total, kept, leftOut };
}

function noMetadata(): AppError {
  return new AppError(
    "preview.no_metadata",
    "Nothing is known yet of what this connection has. Create a sync with the mode “metadata” and let it run: it lists everything and downloads nothing.",
  );
}

function tooLarge(what: string): AppError {
  return new AppError("preview.too_large", `This source has ${what}: too many to be gone through while you wait.`);
}
