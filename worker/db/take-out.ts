import type { SQL } from "drizzle-orm";
import { and, asc, eq, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Database } from "./client.ts";
import { auditEvents, changes, connections, identities, items, receipts, runEvents, runs, sessions, syncs, tokens, users, versions } from "./schema.ts"; // prettier-ignore

// Everything that is kept of a user, but for the files' content, in the order of its keys. Secrets, and what is kept in place of
// them, stay out.

/** Rows of one statement: D1 answers 1,000 of those an invocation, enough for some three million items. */
const CHUNK_ROWS_MAX = 4_000;
/** Runs whose lines are read together. */
const RUNS_TOGETHER = 100;

type Row = Record<string, unknown>;

export interface TakenOut {
  type: string;
  rows: Row[];
}

/** A kind of rows: whose they are stands in the column `owner`, and those of one owner are in the order of `key`. */
interface Kind {
  type: string;
  table: SQLiteTable;
  owner: SQLiteColumn;
  key: readonly SQLiteColumn[];
  secrets?: readonly string[];
}

const OF_THE_PERSON: readonly Kind[] = [
  { type: "profile", table: users, owner: users.id, key: [users.id] },
  { type: "identity", table: identities, owner: identities.userId, key: [identities.issuer, identities.subject] },
  { type: "session", table: sessions, owner: sessions.userId, key: [sessions.hash], secrets: ["hash"] },
  { type: "token", table: tokens, owner: tokens.userId, key: [tokens.id], secrets: ["hash"] },
  { type: "audit", table: auditEvents, owner: auditEvents.userId, key: [auditEvents.id] },
];
const CONNECTIONS: Kind = { type: "connection", table: connections, owner: connections.userId, key: [connections.id] };
const SYNCS: Kind = { type: "sync", table: syncs, owner: syncs.userId, key: [syncs.id] };
const OF_A_SYNC: readonly Kind[] = [
  { type: "item", table: items, owner: items.syncId, key: [items.remoteId] },
  { type: "version", table: versions, owner: versions.syncId, key: [versions.remoteId, versions.number] },
  { type: "receipt", table: receipts, owner: receipts.syncId, key: [receipts.runId] },
];
const RUNS: Kind = { type: "run", table: runs, owner: runs.userId, key: [runs.id] };
const CHANGES: Kind = { type: "change", table: changes, owner: changes.userId, key: [changes.number] };

/** A chunk at a time. `db`: the user's catalogue. */
export async function* takeOut(accounts: Database, db: Database, userId: string): AsyncGenerator<TakenOut> {
  for (const kind of OF_THE_PERSON) yield* ownedBy(accounts, kind, userId);
  yield* ownedBy(db, CONNECTIONS, userId);
  for await (const chunk of ownedBy(db, SYNCS, userId)) {
    yield chunk;
    for (const { id } of chunk.rows) for (const kind of OF_A_SYNC) yield* ownedBy(db, kind, String(id));
  }
  for await (const chunk of ownedBy(db, RUNS, userId)) {
    yield chunk;
    for (let from = 0; from < chunk.rows.length; from += RUNS_TOGETHER) {
      const ids = chunk.rows.slice(from, from + RUNS_TOGETHER).map(({ id }) => id);
      const among = sql`${runEvents.runId} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
      yield* rowsWhere(db, { type: "runEvent", table: runEvents, key: [runEvents.runId, runEvents.number] }, among);
    }
  }
  yield* ownedBy(db, CHANGES, userId);
}

function ownedBy(db: Database, kind: Kind, ownerId: string): AsyncGenerator<TakenOut> {
  return rowsWhere(db, kind, eq(kind.owner, ownerId));
}

async function* rowsWhere(db: Database, { type, table, key, secrets = [] }: Omit<Kind, "owner">, among: SQL): AsyncGenerator<TakenOut> {
  let after: SQL | undefined;
  for (;;) {
    const found: Row[] = await db
      .select()
      .from(table)
      .where(and(among, after))
      .orderBy(...key.map((column) => asc(column)))
      .limit(CHUNK_ROWS_MAX);
    const last = found.at(-1);
    if (last) after = beyond(table, key, last);
    if (found.length > 0) yield { type, rows: found.map((row) => without(row, secrets)) };
    if (found.length < CHUNK_ROWS_MAX) return;
  }
}

/** What comes after this row, in the order of the key. */
function beyond(table: SQLiteTable, key: readonly SQLiteColumn[], row: Row): SQL {
  const names = new Map(Object.entries(table).map(([name, column]) => [column as unknown, name]));
  const values = key.map((column) => sql`${row[names.get(column) ?? ""]}`);
  return sql`(${sql.join([...key], sql`, `)}) > (${sql.join(values, sql`, `)})`;
}

function without(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
}
