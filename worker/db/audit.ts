import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { AuditAction } from "../audit.ts";
import { agentInWords, networkOf } from "../audit.ts";
import { timeId } from "../ids.ts";
import type { AuditEvent as WireAuditEvent } from "../wire/account.ts";
import type { Database } from "./client.ts";
import { toInstant } from "./instant.ts";
import { auditEvents } from "./schema.ts";

// The audit trail: rows are added, and never changed. They go with their user, and when they are old.

type AuditRow = typeof auditEvents.$inferSelect;

/** What was done, to be recorded. */
export interface AuditRecord {
  /** To whose account. */
  userId: string;
  /** `session:{id}`, `token:{id}` or `admin:{user id}`. */
  actor: string;
  action: AuditAction;
  /** The id of what it was done to. */
  target?: string | null;
  /** What that was called. */
  name?: string | null;
  at: number;
  /** The caller's address. Only its network is kept. */
  ip?: string | null;
  /** The caller's `User-Agent`. Only what it says in words is kept. */
  userAgent?: string | null;
}

export async function recordAudit(db: Database, record: AuditRecord): Promise<void> {
  await auditInsert(db, record);
}

/** The same as a statement, for a batch with what it records. */
export function auditInsert(db: Database, { ip, userAgent, ...record }: AuditRecord) {
  return db.insert(auditEvents).values({ ...record, id: timeId(record.at), network: networkOf(ip), agent: agentInWords(userAgent) });
}

/** A user's records, newest first. */
export async function listAudit(
  db: Database,
  userId: string,
  page: { limit: number; cursor?: string | undefined },
): Promise<{ items: AuditRow[]; cursor: string | null }> {
  const found = await db
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.userId, userId), page.cursor === undefined ? undefined : lt(auditEvents.id, page.cursor)))
    .orderBy(desc(auditEvents.id))
    .limit(page.limit + 1);
  const items = found.slice(0, page.limit);
  return { items, cursor: found.length > page.limit ? (items.at(-1)?.id ?? null) : null };
}

/** Deletes up to `limit` records of `before` or earlier, the oldest first. */
export async function purgeAudit(db: Database, before: number, limit: number): Promise<void> {
  await db.run(sql`
    DELETE FROM audit_events WHERE (user_id, id) IN (
      SELECT user_id, id FROM audit_events WHERE at <= ${before} ORDER BY at LIMIT ${limit})`);
}

export function toAuditEvent(row: AuditRow): WireAuditEvent {
  const [kind = "", id = ""] = row.actor.split(":");
  return {
    id: row.id,
    at: toInstant(row.at),
    actor: { kind: kind as WireAuditEvent["actor"]["kind"], id },
    action: row.action,
    target: row.target,
    name: row.name,
    network: row.network,
    agent: row.agent,
  };
}
