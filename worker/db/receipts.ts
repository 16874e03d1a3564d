import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { SignedReceipt } from "../sync/receipt.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { receipts } from "./schema.ts";

// One receipt a run, found by its sync and its run.

/** Keeps a run's receipt. One that a crash left, of a run that had not ended yet, is replaced. */
export async function saveReceipt(db: Database, scope: ItemScope, signed: SignedReceipt): Promise<void> {
  await db.run(sql`
    INSERT OR REPLACE INTO receipts (sync_id, run_id, receipt)
    SELECT ${scope.syncId}, ${signed.receipt.runId}, ${JSON.stringify(signed)} WHERE ${owned(scope)}`);
}

export async function getReceipt(db: Database, scope: ItemScope, runId: string): Promise<SignedReceipt | null> {
  const row = await db
    .select({ receipt: receipts.receipt })
    .from(receipts)
    .where(and(eq(receipts.syncId, scope.syncId), eq(receipts.runId, runId), owned(scope)))
    .get();
  return row ? (JSON.parse(row.receipt) as SignedReceipt) : null;
}

/** The newest receipt of the sync; with `beforeRunId`, of the runs before that one. */
export async function lastReceipt(db: Database, scope: ItemScope, beforeRunId?: string): Promise<SignedReceipt | null> {
  const row = await db
    .select({ receipt: receipts.receipt })
    .from(receipts)
    .where(and(eq(receipts.syncId, scope.syncId), beforeRunId === undefined ? undefined : lt(receipts.runId, beforeRunId), owned(scope)))
    .orderBy(desc(receipts.runId))
    .limit(1)
    .get();
  return row ? (JSON.parse(row.receipt) as SignedReceipt) : null;
}

/** Erases a sync's receipts. */
export async function deleteReceipts(db: Database, scope: ItemScope): Promise<void> {
  await db.delete(receipts).where(and(eq(receipts.syncId, scope.syncId), owned(scope)));
}

function owned(scope: ItemScope) {
  return sql`EXISTS (SELECT 1 FROM syncs WHERE id = ${scope.syncId} AND user_id = ${scope.userId})`;
}
