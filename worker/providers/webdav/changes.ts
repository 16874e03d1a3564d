import { ProviderError } from "../errors.ts";
import type { ChangePage, KnownItems } from "../provider.ts";
import { NAMES, TOP_PROPERTIES } from "./api.ts";
import { type Position, readCursor, writeCursor } from "./cursor.ts";
import { etagOf, idOf } from "./entry.ts";
import type { DavServer } from "./server.ts";
import { addressOf, etagsRise, shareOf, type Share } from "./share.ts";
import { Walk } from "./walk.ts";

const TOP = { path: [] };

/**
 * One page of a round. There is no list of changes: the folders are read, from the top down, and compared. Where etags rise, those
 * whose etag is the known one are passed by, with all below them: where nothing has changed, a round is one question.
 */
export async function changes(server: DavServer, feedId: string, cursor: string | null, known?: KnownItems): Promise<ChangePage> {
  const share = shareOf(feedId);
  const position: Position =
    cursor === null
      ? { stack: [TOP], everything: true, again: [], everythingNext: false }
      : await roundFrom(server, share, readCursor(cursor), known);
  const walk = new Walk(server, share, position, known);
  await walk.readPage();
  const more = position.stack.length > 0;
  return { changes: walk.changes, cursor: writeCursor({ ...position, everything: more && position.everything }), more };
}

/** The position itself, or, between two rounds, the beginning of the next one. */
async function roundFrom(server: DavServer, share: Share, position: Position, known: KnownItems | undefined): Promise<Position> {
  if (position.stack.length > 0) return position;
  const next: Position = { ...position, everything: position.everythingNext, again: [], everythingNext: false };
  if (next.everything || !etagsRise(share)) return { ...next, stack: [TOP] };
  const changed = await hasTopChanged(server, share, position, known);
  return { ...next, stack: changed ? [...position.again, TOP] : [...position.again] };
}

async function hasTopChanged(server: DavServer, share: Share, position: Position, known: KnownItems | undefined): Promise<boolean> {
  const [top] = await server.propfind(addressOf(share, [], true), 0, TOP_PROPERTIES);
  if (!top) throw new ProviderError("transient", "The server's answer is empty.");
  // After a backup was restored etags may stand for something else than they did.
  if ((top.properties.get(NAMES.fingerprint) ?? "") !== (position.fingerprint ?? "")) {
    throw new ProviderError("cursor_expired", "The server has been restored from a backup: everything is read again.");
  }
  const id = idOf(share, top, []);
  const etag = etagOf(top);
  if (id === undefined || etag === undefined) return true;
  return (await known?.treeTags([id]))?.get(id) !== etag;
}
