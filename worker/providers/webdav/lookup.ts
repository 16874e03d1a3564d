import { ProviderError } from "../errors.ts";
import type { Lookup } from "../provider.ts";
import { toEntry } from "./entry.ts";
import { locate } from "./locate.ts";
import type { DavServer } from "./server.ts";
import { etagsRise, pathId, shareOf } from "./share.ts";

export const LOOKUP_MAX = 20;

/** What is there under these ids now. Where ids are not paths, the folder that an item is in is not told: the next round tells it. */
export async function lookup(server: DavServer, feedId: string, ids: readonly string[]): Promise<Lookup[]> {
  if (ids.length > LOOKUP_MAX) throw new ProviderError("fatal", `A lookup takes ${LOOKUP_MAX} ids at most.`);
  const share = shareOf(feedId);
  const locations = await locate(server, share, ids);
  return ids.flatMap((id): Lookup[] => {
    const location = locations.get(id) ?? "gone";
    if (typeof location !== "object") return [{ id, status: location }];
    const { path, resource } = location;
    const parentId = etagsRise(share) || path.length === 0 ? undefined : pathId(path.slice(0, -1), true);
    const entry = toEntry(share, resource, { path, parentId }, server.context.now());
    return entry ? [{ id, status: "found", entry: { ...entry, id } }] : [];
  });
}
