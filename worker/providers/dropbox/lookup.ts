import { ProviderError } from "../errors.ts";
import type { Lookup } from "../provider.ts";
import { ownFolder } from "./account.ts";
import { rootEntry } from "./changes.ts";
import type { DropboxApi } from "./dropbox-api.ts";
import { parentOf, toRow, type Row } from "./entry.ts";
import { isTeamFeed, rootIdOf } from "./feeds.ts";
import { metadataOf } from "./metadata.ts";

/** Each id is a request of its own. */
export const LOOKUP_MAX = 20;

/** What the feed has under these ids now, and in which folders. One without a sensible answer is left out. */
export async function lookup(api: DropboxApi, feedId: string, ids: readonly string[]): Promise<Lookup[]> {
  if (ids.length > LOOKUP_MAX) throw new ProviderError("fatal", `A lookup takes ${LOOKUP_MAX} ids at most.`);
  const rootId = rootIdOf(feedId);
  const asked = ids.filter((id) => id !== rootId);
  const own = isTeamFeed(feedId) && asked.length > 0 ? await ownFolder(api) : undefined;
  const answers = await metadataOf(api, feedId, asked);
  const found: Lookup[] = ids.includes(rootId) ? [{ id: rootId, status: "found", entry: rootEntry(feedId) }] : [];
  const rows: { id: string; row: Extract<Row, { type: "entry" }> }[] = [];
  for (const [id, answer] of answers) {
    if (answer instanceof ProviderError) found.push(statusOf(id, answer));
    else {
      const row = toRow(answer, api.context.now());
      if (row.type === "deleted" || (row.type === "entry" && own !== undefined && `${row.path}/`.startsWith(`${own}/`)))
        found.push({ id, status: "gone" });
      else if (row.type === "entry") rows.push({ id, row });
    }
  }
  const parents = await parentIds(api, feedId, rows.map(({ row }) => parentOf(row.path))); // prettier-ignore
  for (const { id, row } of rows) {
    const parentId = parents.get(parentOf(row.path));
    found.push({ id, status: "found", entry: { ...row.entry, id, ...(parentId !== undefined && { parentId }) } });
  }
  return found;
}

function statusOf(id: string, error: ProviderError): Lookup {
  if (error.kind === "not_found") return { id, status: "gone" };
  if (error.kind === "blocked" || error.kind === "unsupported") return { id, status: "refused" };
  throw error;
}

/** The ids of the folders at these paths, as far as they are there. */
async function parentIds(api: DropboxApi, feedId: string, paths: readonly string[]): Promise<Map<string, string>> {
  const answers = await metadataOf(api, feedId, [...new Set(paths)].filter((path) => path !== "")); // prettier-ignore
  const ids = new Map([["", rootIdOf(feedId)]]);
  for (const [path, answer] of answers) {
    const row = answer instanceof ProviderError ? undefined : toRow(answer, api.context.now());
    if (row?.type === "entry" && row.entry.kind === "folder") ids.set(path, row.entry.id);
  }
  return ids;
}
