import { ProviderError } from "../errors.ts";
import type { Change, ChangePage, Entry, KnownItems } from "../provider.ts";
import { ownFolder } from "./account.ts";
import type { ListFolderResult } from "./api.ts";
import type { DropboxApi } from "./dropbox-api.ts";
import { toRow, type Row } from "./entry.ts";
import { isTeamFeed, rootIdOf } from "./feeds.ts";
import { metadataOf } from "./metadata.ts";
import { pathsOf, place, type Placed } from "./placing.ts";

/** Entries a page, about: Dropbox sends a few more at times, and at most 2,000. A page is one step, done again whole after a crash. */
const PAGE_ENTRIES = 1000;
/** Folders asked for, a page: lists tell a folder before what is in it as a rule, and where they do not, each costs a request. */
const FOLDERS_ASKED_MAX = 500;

/** Where a list is. Dropbox's own cursor is the last part. */
interface Mark {
  cursor: string;
  /** What is there is still being listed; false: what has changed is told. */
  listing: boolean;
  /** Of the space of a team, while it is listed: the path of the person's own folder in it. */
  own?: string;
}

/** One page of a feed, listed with all folders below it, or of what has changed in it since. */
export async function changes(api: DropboxApi, feedId: string, cursor: string | null, known: KnownItems | undefined): Promise<ChangePage> {
  const mark = cursor === null ? null : parseMark(cursor);
  const page = await read(api, feedId, mark);
  const listing = mark?.listing ?? true;
  const all = (Array.isArray(page.entries) ? page.entries : []).map((value) => toRow(value, api.context.now()));
  const own = !isTeamFeed(feedId) || (mark !== null && all.length === 0) ? undefined : listing && mark ? mark.own : await ownFolder(api);
  const rows = own === undefined ? all : all.filter((row) => row.type === "malformed" || !isUnder(row.path, own));
  const placed = rows.length === 0 ? [] : await placeRows(api, { feedId, rows, known, listing });
  const more = page.has_more === true;
  const next: Mark = { cursor: page.cursor, listing: listing && more, ...(listing && more && own !== undefined && { own }) };
  return { changes: mark === null ? [root(feedId), ...placed] : placed, cursor: JSON.stringify(next), more };
}

/** The root of a feed, which Dropbox does not describe. */
export function rootEntry(feedId: string): Entry {
  return { id: rootIdOf(feedId), root: true, kind: "folder", name: "Dropbox" };
}

function root(feedId: string): Change {
  return { type: "upsert", entry: rootEntry(feedId) };
}

async function read(api: DropboxApi, feedId: string, mark: Mark | null): Promise<ListFolderResult & { cursor: string }> {
  const answer = mark
    ? await api.ask("files/list_folder/continue", { cursor: mark.cursor }, feedId)
    : await api.ask("files/list_folder", { path: "", recursive: true, limit: PAGE_ENTRIES }, feedId);
  const page = (answer ?? {}) as ListFolderResult;
  if (typeof page.cursor !== "string" || page.cursor === "") throw new ProviderError("fatal", "The page has no cursor to go on with.");
  return { ...page, cursor: page.cursor };
}

interface Rows {
  feedId: string;
  rows: readonly Row[];
  known: KnownItems | undefined;
  listing: boolean;
}

/** The rows as changes of items. Folders that they lie in and nobody knows are asked for, and told with them. */
async function placeRows(api: DropboxApi, { feedId, rows, known, listing }: Rows): Promise<Change[]> {
  const rootId = rootIdOf(feedId);
  const knownAt = (await known?.itemsAtPaths(rootId, pathsOf(rows))) ?? new Map<string, never>();
  const first = place({ rows, known: knownAt, rootId, listing });
  if (first.missing.length === 0) return result(first, new Set());
  const asked = first.missing.slice(0, FOLDERS_ASKED_MAX);
  const answers = await metadataOf(api, feedId, asked);
  const folders = [...answers.values()].flatMap((answer): Row[] => (answer instanceof ProviderError ? [] : [toRow(answer, api.context.now())])); // prettier-ignore
  const placed = place({ rows: [...rows, ...folders.filter(isFolder)], known: knownAt, rootId, listing });
  return result(placed, new Set(first.missing.slice(FOLDERS_ASKED_MAX)));
}

/** What lies in a folder that is not there any more is not there either: what became of it is told by a later page, or by a sweep. */
function result({ changes, unplaced, replaced }: Placed, unasked: ReadonlySet<string>): Change[] {
  if (replaced) throw new ProviderError("cursor_expired", "A folder has another id than before, and its content was not told again.");
  const waiting = unplaced.filter(({ folder }) => unasked.has(folder));
  return [...changes, ...waiting.map(({ id }): Change => ({ type: "malformed", id, reason: "The folder that it lies in is not known yet." }))]; // prettier-ignore
}

function isFolder(row: Row): boolean {
  return row.type === "entry" && row.entry.kind === "folder";
}

function isUnder(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function parseMark(text: string): Mark {
  try {
    const { cursor, listing, own } = JSON.parse(text) as Partial<Mark>;
    if (typeof cursor === "string") return { cursor, listing: listing === true, ...(typeof own === "string" && { own }) };
  } catch {
    // Not one of ours: the same as one that has expired.
  }
  throw new ProviderError("cursor_expired", "The cursor makes no sense.");
}
