import { encodeHexLowerCase } from "@oslojs/encoding";
import { toInstant } from "../worker/db/instant.ts";
import { lastReceipt, saveReceipt } from "../worker/db/receipts.ts";
import { signReceipt } from "../worker/receipt-keys.ts";
import type { Receipt } from "../worker/sync/receipt.ts";
import { canonicalBytes } from "../worker/sync/receipt.ts";
import { mirrorDigest } from "./digest.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import type { RunState } from "./user-sync-schema.ts";

// The receipt of a run that came to its end. Failed and cancelled runs have none: they prove nothing.

/**
 * Writes the run's receipt, over a digest that is computed. Before the run's row says that it has finished: a run that has ended has
 * its receipt. Repeated after a crash, it replaces the one that nobody has seen.
 */
export async function writeReceipt(engine: Engine, run: RunState, status: Receipt["status"], finishedAt: number): Promise<void> {
  const scope = scopeOf(engine, run.syncId);
  const { counts, ...digest } = mirrorDigest(engine, run.syncId);
  const { bytes, ...outcomes } = counts;
  const feeds = engine.store.feeds(run.syncId);
  const previous = await lastReceipt(engine.db(), scope, run.id);
  const receipt: Receipt = {
    version: 1,
    syncId: run.syncId,
    runId: run.id,
    type: run.type,
    status,
    startedAt: toInstant(run.startedAt ?? run.createdAt),
    finishedAt: toInstant(finishedAt),
    feeds: await Promise.all(
      feeds.map(async ({ feedId, cursor }) => ({
        id: feedId,
        cursorSha256: cursor === null ? null : await sha256(new TextEncoder().encode(cursor)),
      })),
    ),
    counts: outcomes,
    bytes,
    drift: run.drift ?? null,
    digest,
    previous: previous && (await sha256(canonicalBytes(previous.receipt))),
  };
  await saveReceipt(engine.db(), scope, await signReceipt(engine.env, receipt));
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return encodeHexLowerCase(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))));
}
