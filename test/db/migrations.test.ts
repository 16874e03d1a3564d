import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { beforeAll, describe, expect, it } from "vitest";
import { getItem, lastVersion, listChildren } from "../../worker/db/browse.ts";
import { countItems, knownItems, upsertItems } from "../../worker/db/items.ts";
import { lastRuns, listRuns, toRun } from "../../worker/db/runs.ts";
import { listSyncs, toSync } from "../../worker/db/syncs.ts";
import { run as wireRun, sync as wireSync } from "../../worker/wire.ts";

// A catalogue that the release before this one filled, under the migrations of this one; and that release's own writes,
// which go on for a while after the migrations.

type Row = Record<string, string | number | null>;

const { MIGRATIONS, EARLIER_DB } = env as Env & { MIGRATIONS: D1Migration[]; EARLIER_DB: D1Database };
const db = drizzle(EARLIER_DB);
const scope = { userId: "user-1", syncId: "sync-1" };

/** Exactly the columns that the earlier release writes. */
const ROWS: Record<string, Row> = {
  users: { id: "user-1", name: "Alice", email: null, home_shard: 0, created_at: 1, signed_in_at: 2 },
  identities: { issuer: "issuer", subject: "subject", user_id: "user-1", created_at: 1 },
  sessions: { hash: "hash", user_id: "user-1", user_agent: null, created_at: 1, expires_at: 9 },
  // prettier-ignore
  connections: {
    id: "connection-1", user_id: "user-1", provider: "onedrive", account_id: "account", account_email: null, label: "Mine",
    auth_type: "oauth2", status: "active", scopes: "[]", last_validated_at: null, created_at: 1,
  },
  // prettier-ignore
  syncs: {
    id: "sync-1", user_id: "user-1", connection_id: "connection-1", name: "OneDrive", mode: "content", labels: "{}",
    schedule: '{"kind":"interval","minutes":60}', status: "active", wake_slot: 3, interval_minutes: 60, next_due_at: null,
    up_to_date_at: 5, item_count: 2, file_count: 1, stored_count: 1, failed_count: 0, skipped_count: 0, stored_bytes: 4,
    source_bytes: 4, created_at: 1,
  },
  // prettier-ignore
  items: {
    sync_id: "sync-1", remote_id: "file-1", parent_id: "root", kind: 1, name: "a.txt", size: 4, mime_type: null, web_url: null,
    created_at: 1, modified_at: 1, seen_at: 1, hash: "sha256:00", content_tag: null, state: "stored", reason: null,
    pending_job: null, next_attempt_at: null, attempts: 0, run_id: "run-1", stored_id: "job-1-0", stored_number: 2,
    stored_size: 4, stored_sha256: "00", stored_at: 2, stored_hash: "sha256:00", stored_tag: null, stored_source_size: 4,
    stored_modified_at: 1, stored_differs: 0,
  },
  // prettier-ignore
  versions: {
    sync_id: "sync-1", remote_id: "file-1", number: 1, stored_id: "job-0-0", size: 3, sha256: "11", stored_at: 1,
    ended_at: 2, ended_by: "superseded",
  },
  // prettier-ignore
  runs: {
    id: "run-1", user_id: "user-1", sync_id: "sync-1", type: "full", status: "completed", trigger: "manual", phase: "finishing",
    created_at: 1, started_at: 1, finished_at: 2, discovered: 2, pending: 0, stored: 1, skipped: 0, failed: 0, removed: 0,
    bytes: 4, provider_requests: 3, rows_written: 4, queue_operations: 3, storage_puts: 1, error_code: null, error_message: null,
  },
  run_events: { run_id: "run-1", number: 1, at: 2, level: "info", message: "Ended.", remote_id: null },
  ticks: { name: "wakes", at: 1 },
};

const ROOT: Row = { ...ROWS["items"], remote_id: "root", parent_id: null, kind: 0, name: "root", stored_id: null, stored_size: null };

async function insert(table: string, row: Row): Promise<void> {
  const names = Object.keys(row);
  await EARLIER_DB.prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => "?").join()})`).bind(...Object.values(row)).run(); // prettier-ignore
}

async function columnsOf(table: string): Promise<string[]> {
  const { results } = await EARLIER_DB.prepare(`SELECT name FROM pragma_table_info('${table}')`).all<{ name: string }>();
  return results.map(({ name }) => name);
}

const given = new Map<string, { written: string[]; present: string[] }>();

beforeAll(async () => {
  await applyD1Migrations(EARLIER_DB, MIGRATIONS.slice(0, 1));
  for (const [table, row] of Object.entries(ROWS)) {
    given.set(table, { written: Object.keys(row).toSorted(), present: (await columnsOf(table)).toSorted() });
    await insert(table, row);
  }
  await insert("items", ROOT);
  await applyD1Migrations(EARLIER_DB, MIGRATIONS);
});

describe("a catalogue of the release before", () => {
  it("has in this test the columns that the earlier release writes, no more and no less", () => {
    for (const [table, { written, present }] of given) expect(written, table).toEqual(present);
  });

  it("keeps every row, as it was", async () => {
    for (const [table, row] of Object.entries(ROWS)) {
      const { results } = await EARLIER_DB.prepare(`SELECT ${Object.keys(row).join()} FROM ${table}`).all<Row>();
      expect(results, table).toContainEqual(row);
    }
  });

  it("is read as this release shows it", async () => {
    const runs = (await listRuns(db, scope.userId, scope.syncId, { limit: 10 })).items;
    const last = (await lastRuns(db, scope.userId, [scope.syncId])).get(scope.syncId);
    expect(runs.map((row) => wireRun.parse(toRun(row)).id)).toEqual(["run-1"]);
    const [sync] = await listSyncs(db, scope.userId);
    if (!sync || !last) throw new Error("The rows are there.");
    const shown = wireSync.parse(toSync(sync, toRun(last), 10));
    expect(shown).toMatchObject({ selection: [], filters: {}, options: { deleteRemoved: true }, alarm: null });
    const children = await listChildren(db, scope.userId, { syncId: scope.syncId, parentId: null, after: null, limit: 10 });
    expect(children.map((item) => item.name)).toEqual(["a.txt"]);
    expect(await getItem(db, scope.userId, scope.syncId, "file-1")).toMatchObject({ state: "stored", kept: null, restoredFrom: null });
    expect(await lastVersion(db, scope.userId, scope.syncId, "file-1")).toBeDefined();
    expect(await countItems(db, scope)).toMatchObject({ items: 2, files: 1, stored: 1, bytes: 4, versions: 1, versionBytes: 3 });
  });

  it("is written by this release, and what that does not mean to change stays", async () => {
    const known = await knownItems(db, scope, ["file-1"]);
    const row = known.get("file-1");
    if (!row) throw new Error("The item is known.");
    await upsertItems(db, scope, [{ ...row, name: "renamed.txt" }], 20);
    expect(await getItem(db, scope.userId, scope.syncId, "file-1")).toMatchObject({ name: "renamed.txt", state: "stored" });
  });

  it("takes what the earlier release still writes, since every column that is new has a value by itself", async () => {
    for (const [table, row] of Object.entries(ROWS)) {
      const again = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === "string" && !/[{[]/.test(value) ? `${value}-again` : value])); // prettier-ignore
      await insert(table, again);
    }
  });
});
