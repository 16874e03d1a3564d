import type { Stats } from "../worker/sync/stats.ts";
import { add, NO_STATS } from "../worker/sync/stats.ts";
import type { ConnectionState, FeedState, RunState, SubscriptionState, SyncState } from "./user-sync-schema.ts";
import { MIGRATIONS } from "./user-sync-schema.ts";
import { DecisionStore } from "./decision-store.ts";
import { DigestStore } from "./digest-store.ts";
import { JobStore } from "./job-store.ts";
import { PurgeStore } from "./purge-store.ts";
import { RestorationStore } from "./restoration-store.ts";
import { NoticeStore } from "./notice-store.ts";
import { RunStore } from "./run-store.ts";
import { SeenStore } from "./seen-store.ts";
import { LitterStore } from "./litter-store.ts";
import { Sql } from "./sql.ts";
import type { SyncRecord } from "./sync-record.ts";
import { differing, SYNC_COLUMNS, toSync } from "./sync-record.ts";
import { UploadStore } from "./upload-store.ts";

// The object's own SQL. Every call is synchronous: calls without an await between them commit together, and
// `transaction` makes that sure where one may throw.

const FEED = `sync_id AS syncId, feed_id AS feedId, phase, cursor, enumeration, swept_part AS sweptPart,
  swept_after AS sweptAfter, page, round_started_at AS roundStartedAt, root_id AS rootId, action, held_because AS heldBecause, name,
  missing_since AS missingSince, enumerated_at AS enumeratedAt, loop, restarts, tags_doubtful AS tagsDoubtful`;
const CONNECTION = `id, provider, account_id AS accountId, status, sealed, generation, gate_until AS gateUntil, gate_count AS gateCount,
  renewing_until AS renewingUntil`;
const SUBSCRIPTION = `connection_id AS connectionId, feed_id AS feedId, subscription_id AS subscriptionId, expires_at AS expiresAt,
  due_at AS dueAt, attempts, proof_key AS proofKey`;

export class UserSyncStore {
  readonly jobs: JobStore;
  readonly uploads: UploadStore;
  readonly litter: LitterStore;
  readonly digest: DigestStore;
  readonly decisions: DecisionStore;
  readonly seen: SeenStore;
  readonly restorations: RestorationStore;
  readonly purges: PurgeStore;
  readonly notices: NoticeStore;
  /** Called before items are changed in the catalogue. */
  onTouch: () => void = () => undefined;
  readonly #runs: RunStore;
  readonly #sql: Sql;
  /** How many wakes each quiet run has taken: noted with its end, so that one that is lost is not missed. */
  readonly #taken = new Map<string, number>();

  constructor(storage: DurableObjectStorage) {
    this.#sql = new Sql(storage);
    this.jobs = new JobStore(this.#sql);
    this.uploads = new UploadStore(this.#sql);
    this.litter = new LitterStore(this.#sql);
    this.digest = new DigestStore(this.#sql);
    this.decisions = new DecisionStore(this.#sql);
    this.seen = new SeenStore(this.#sql);
    this.restorations = new RestorationStore(this.#sql);
    this.purges = new PurgeStore(this.#sql);
    this.notices = new NoticeStore(this.#sql);
    this.#runs = new RunStore(this.#sql);
  }

  migrate(): void {
    this.transaction(() => {
      this.#sql.run("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY)");
      const { done } = this.#sql.one<{ done: number }>("SELECT count(*) AS done FROM migrations") ?? { done: 0 };
      MIGRATIONS.slice(done).forEach((statements, index) => {
        this.#sql.run(statements);
        this.#sql.run("INSERT INTO migrations (number) VALUES (?)", done + index + 1);
      });
    });
  }

  transaction<T>(work: () => T): T {
    return this.#sql.transaction(work);
  }

  /**
   * These items may change in what the digest of the mirror is made of: id, parent, name, size, SHA-256, or whether they are
   * in it. To be called before the catalogue is written, so that no crash can hide a change; and, outside the alarm, once
   * more after it, since the digest may be computed in between. Costs a row for each range that was clean, and none before
   * the first receipt.
   */
  touchDigest(syncId: string, remoteIds: readonly string[]): void {
    if (remoteIds.length > 0) this.onTouch();
    this.digest.touch(syncId, remoteIds);
  }

  setting(name: string): string | null {
    return this.#sql.one<{ value: string }>("SELECT value FROM settings WHERE name = ?", name)?.value ?? null;
  }

  saveSetting(name: string, value: string): void {
    this.#sql.run("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value);
  }

  connections(): ConnectionState[] {
    return this.#sql.all<ConnectionState>(`SELECT ${CONNECTION} FROM connections ORDER BY id`);
  }

  connection(id: string): ConnectionState | null {
    return this.#sql.one<ConnectionState>(`SELECT ${CONNECTION} FROM connections WHERE id = ?`, id);
  }

  saveConnection(row: ConnectionState): void {
    this.#sql.run(
      `INSERT OR REPLACE INTO connections (id, provider, account_id, status, sealed, generation, gate_until, gate_count,
         renewing_until)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row.id,
      row.provider,
      row.accountId,
      row.status,
      row.sealed,
      row.generation,
      row.gateUntil,
      row.gateCount,
      row.renewingUntil, // prettier-ignore
    );
  }

  /** Replaces the credential if it still is the one of this generation. With that a renewal is over. */
  replaceCredential(id: string, generation: number, sealed: string): boolean {
    const cursor = this.#sql.exec(
      "UPDATE connections SET sealed = ?, generation = generation + 1, renewing_until = NULL WHERE id = ? AND generation = ?",
      sealed,
      id,
      generation, // prettier-ignore
    );
    return cursor.rowsWritten > 0;
  }

  setRenewingUntil(id: string, until: number | null): void {
    this.#sql.run("UPDATE connections SET renewing_until = ? WHERE id = ?", until, id);
  }

  setConnectionStatus(id: string, status: ConnectionState["status"]): void {
    this.#sql.run("UPDATE connections SET status = ? WHERE id = ?", status, id);
  }

  setGate(id: string, until: number, count: number): void {
    this.#sql.run("UPDATE connections SET gate_until = ?, gate_count = ? WHERE id = ?", until, count, id);
  }

  deleteConnection(id: string): void {
    this.#sql.run("DELETE FROM connections WHERE id = ?", id);
  }

  syncs(): SyncState[] {
    return this.#sql.all<SyncRecord>(`SELECT ${SYNC_COLUMNS} FROM syncs ORDER BY id`).map((row) => this.#toSync(row));
  }

  sync(id: string): SyncState | null {
    const row = this.#syncRecord(id);
    return row && this.#toSync(row);
  }

  #syncRecord(id: string): SyncRecord | null {
    return this.#sql.one<SyncRecord>(`SELECT ${SYNC_COLUMNS} FROM syncs WHERE id = ?`, id);
  }

  #toSync(row: SyncRecord): SyncState {
    return { ...toSync(row), wakesTaken: this.#taken.get(row.id) ?? row.wakesTaken };
  }

  insertSync(
    row: Pick<SyncState, "id" | "connectionId" | "mode" | "status" | "schedule" | "nextDueAt" | "selection" | "filters" | "options">,
  ): void {
    this.#sql.run(
      "INSERT INTO syncs (id, connection_id, mode, status, schedule, next_due_at, stats, selection, filters, options) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.id,
      row.connectionId,
      row.mode,
      row.status,
      JSON.stringify(row.schedule),
      row.nextDueAt,
      JSON.stringify(NO_STATS),
      JSON.stringify(row.selection),
      JSON.stringify(row.filters),
      JSON.stringify(row.options), // prettier-ignore
    );
  }

  /** Writes what differs, if anything does. */
  updateSync(id: string, { wakesTaken, ...patch }: Partial<Omit<SyncState, "id" | "connectionId">>): void {
    if (wakesTaken !== undefined) this.#taken.set(id, wakesTaken);
    const taken = this.#runs.isQuiet(id) ? undefined : this.#taken.get(id);
    const record = this.#syncRecord(id);
    this.#sql.update("syncs", differing(record, taken === undefined ? patch : { ...patch, wakesTaken: taken }), "id = ?", id);
    if (taken !== undefined) this.#taken.delete(id);
  }

  /** Adds these differences to the totals as they are now: others may have changed since they were last read. */
  addStats(id: string, ...differences: Partial<Stats>[]): void {
    const stats = this.sync(id)?.stats;
    if (stats) this.updateSync(id, { stats: differences.reduce<Stats>((sum, more) => add(sum, { ...NO_STATS, ...more }), stats) });
  }

  /** Whether the catalogue took what it was sent is not known: the totals of syncs that are at work are counted anew. */
  doubtStats(): void {
    for (const { id } of this.syncs()) if (this.run(id) || this.jobs.backlog(id).jobs > 0) this.updateSync(id, { statsDoubtful: 1 });
  }

  deleteSync(id: string): void {
    this.#runs.deleteOf(id);
    this.#taken.delete(id);
    for (const table of ["feeds", "jobs", "removals", "seen", "digest_ranges", "decisions", "restorations", "purges", "failing_syncs"])
      this.#sql.run(`DELETE FROM ${table} WHERE sync_id = ?`, id);
    this.#sql.run("DELETE FROM syncs WHERE id = ?", id);
  }

  feeds(syncId: string): FeedState[] {
    const rows = this.#sql.all<FeedRecord>(`SELECT ${FEED} FROM feeds WHERE sync_id = ? ORDER BY feed_id`, syncId);
    return rows.map((row) => ({ ...row, loop: row.loop === null ? null : (JSON.parse(row.loop) as FeedState["loop"]) }));
  }

  insertFeed(syncId: string, feedId: string, name: string): void {
    this.#sql.run("INSERT OR IGNORE INTO feeds (sync_id, feed_id, name) VALUES (?, ?, ?)", syncId, feedId, name);
  }

  updateFeed(feed: Pick<FeedState, "syncId" | "feedId">, patch: Partial<Omit<FeedState, "syncId" | "feedId">>): void {
    this.#sql.update("feeds", patch, "sync_id = ? AND feed_id = ?", feed.syncId, feed.feedId);
  }

  run(syncId: string): RunState | null {
    return this.#runs.get(syncId);
  }

  insertRun(run: RunState): void {
    this.#runs.insert(run);
  }

  /** A run that has ended meanwhile stays ended. What its sync has yet to note is noted with it, once it is announced. */
  saveRun(run: RunState): void {
    this.#runs.save(run);
    if (this.#taken.has(run.syncId)) this.updateSync(run.syncId, {});
  }

  /** Another run that has begun meanwhile stays. */
  deleteRun(run: Pick<RunState, "syncId" | "id">): void {
    this.#runs.delete(run);
  }

  addRemovals(feed: Pick<FeedState, "syncId" | "feedId">, remoteIds: readonly string[]): void {
    if (remoteIds.length === 0) return;
    this.#sql.run(
      "INSERT OR IGNORE INTO removals (sync_id, feed_id, remote_id) SELECT ?, ?, value FROM json_each(?)",
      feed.syncId,
      feed.feedId,
      JSON.stringify(remoteIds), // prettier-ignore
    );
  }

  dropRemovals(feed: Pick<FeedState, "syncId" | "feedId">, remoteIds: readonly string[]): void {
    if (remoteIds.length === 0) return;
    this.#sql.run(
      "DELETE FROM removals WHERE sync_id = ? AND feed_id = ? AND remote_id IN (SELECT value FROM json_each(?))",
      feed.syncId,
      feed.feedId,
      JSON.stringify(remoteIds), // prettier-ignore
    );
  }

  /** Marks in order of the ids, after `after`. */
  removals(feed: Pick<FeedState, "syncId" | "feedId">, limit: number, after = ""): string[] {
    return this.#sql
      .all<{ id: string }>(
        "SELECT remote_id AS id FROM removals WHERE sync_id = ? AND feed_id = ? AND remote_id > ? ORDER BY remote_id LIMIT ?",
        feed.syncId,
        feed.feedId,
        after,
        limit, // prettier-ignore
      )
      .map((row) => row.id);
  }

  /** Of these ids, those that are marked as removed in any feed of the sync. */
  markedAmong(syncId: string, remoteIds: readonly string[]): Set<string> {
    const rows = this.#sql.all<{ id: string }>(
      "SELECT remote_id AS id FROM removals WHERE sync_id = ? AND remote_id IN (SELECT value FROM json_each(?))",
      syncId,
      JSON.stringify(remoteIds),
    );
    return new Set(rows.map((row) => row.id));
  }

  subscriptions(): SubscriptionState[] {
    return this.#sql.all<SubscriptionState>(`SELECT ${SUBSCRIPTION} FROM subscriptions`);
  }

  saveSubscription(row: SubscriptionState): void {
    this.#sql.run(
      `INSERT OR REPLACE INTO subscriptions (connection_id, feed_id, subscription_id, expires_at, due_at, attempts, proof_key)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      row.connectionId,
      row.feedId,
      row.subscriptionId,
      row.expiresAt,
      row.dueAt,
      row.attempts,
      row.proofKey,
    );
  }

  deleteSubscription(connectionId: string, feedId: string): void {
    this.#sql.run("DELETE FROM subscriptions WHERE connection_id = ? AND feed_id = ?", connectionId, feedId);
  }
}

type FeedRecord = Omit<FeedState, "loop"> & { loop: string | null };
