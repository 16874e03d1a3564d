import type { ChangePage, KnownItems } from "../provider.ts";
import type { Aps } from "./aps.ts";
import { type Position, readCursor, writeCursor } from "./cursor.ts";
import { type FoundProject, projectOf, projectRefOf, rootIdOf } from "./project.ts";
import { Walk } from "./walk.ts";

const TOP = { id: null };

/**
 * One page of a round. There is no list of changes: folders are read, from the highest down, but for those whose time, which a change
 * of anything below moves, is the known one. Where nothing has changed, a round is one question.
 */
export async function changes(aps: Aps, feedId: string, cursor: string | null, known?: KnownItems): Promise<ChangePage> {
  const ref = projectRefOf(feedId);
  const position = cursor === null ? beginning() : nextOf(readCursor(cursor));
  const root = cursor === null ? await projectOf(aps, ref) : undefined;
  const walk = new Walk(aps, ref, position, known);
  await walk.readPage();
  const more = position.stack.length > 0;
  const next = writeCursor({ ...position, listing: more && position.listing, everything: more && position.everything });
  return { changes: root ? [{ type: "upsert", entry: rootEntry(root) }, ...walk.changes] : walk.changes, cursor: next, more };
}

export function rootEntry({ ref, name }: FoundProject) {
  return { id: rootIdOf(ref), root: true, kind: "folder", name } as const;
}

function beginning(): Position {
  return { stack: [TOP], listing: true, everything: true, again: [], everythingNext: false, above: [] };
}

/** The position itself, or, between two rounds, the beginning of the next one. */
function nextOf(position: Position): Position {
  if (position.stack.length > 0) return position;
  const again = position.again.map((id) => ({ id }));
  return { ...position, stack: [...again, TOP], everything: position.everythingNext, again: [], everythingNext: false };
}
