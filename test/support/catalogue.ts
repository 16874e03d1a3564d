import { env } from "cloudflare:workers";
import type { MemoryUser } from "./memory-user.ts";

// What the catalogue says of a user's sync, for tests to hold against what should be.

export interface Shown {
  state: string;
  reason: string | null;
}

/** State and reason of every live file, by path. */
export async function filesOf({ syncId }: Pick<MemoryUser, "syncId">): Promise<Record<string, string>> {
  const { results } = await env.DB.prepare(
    "SELECT remote_id, parent_id, kind, name, state, reason FROM items WHERE sync_id = ? AND state <> 'removed'",
  )
    .bind(syncId)
    .all<{ remote_id: string; parent_id: string | null; kind: number; name: string } & Shown>();
  const byId = new Map(results.map((row) => [row.remote_id, row]));
  const pathOf = (id: string): string => {
    const row = byId.get(id);
    return !row || row.parent_id === null ? "" : `${pathOf(row.parent_id)}/${row.name}`;
  };
  const files = results.filter((row) => row.kind === 1).map((row) => [pathOf(row.remote_id), row.reason === null ? row.state : `${row.state}: ${row.reason}`] as const); // prettier-ignore
  return Object.fromEntries(files.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** The sync's totals as they are shown, beside the same counted from the rows. */
export async function totalsOf({ syncId }: Pick<MemoryUser, "syncId">): Promise<{ said: unknown; counted: unknown }> {
  const said = await env.DB.prepare(
    `SELECT item_count AS items, file_count AS files, stored_count AS stored, excluded_count AS excluded, held_count AS held,
      stored_bytes AS bytes, failed_count AS failed FROM syncs WHERE id = ?`,
  )
    .bind(syncId)
    .first();
  const counted = await env.DB.prepare(
    `SELECT count(*) AS items, sum(kind = 1) AS files, sum(kind = 1 AND state = 'stored') AS stored,
      sum(kind = 1 AND state = 'excluded') AS excluded, sum(kind = 1 AND state = 'held') AS held,
      sum(CASE WHEN kind = 1 AND state IN ('stored', 'held') THEN stored_size ELSE 0 END) AS bytes, sum(state = 'failed') AS failed
     FROM items WHERE sync_id = ? AND state <> 'removed'`,
  )
    .bind(syncId)
    .first();
  return { said, counted };
}
