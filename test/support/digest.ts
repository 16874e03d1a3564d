import { env } from "cloudflare:workers";
import { catalogue } from "../../worker/db/client.ts";
import { mirrorRows } from "../../worker/db/mirror.ts";
import { lastReceipt } from "../../worker/db/receipts.ts";
import { DigestRoot, RangeWalk } from "../../worker/sync/digest.ts";

const ROWS_MAX = 100_000;

interface Whose {
  userId: string;
  syncId: string;
}

/** The digest of the mirror as the catalogue has it, computed over all of it at once. */
export async function digestFromScratch({ userId, syncId }: Whose): Promise<{ entries: number; root: string }> {
  const rows = await mirrorRows(catalogue(env, 0), { userId, syncId }, { from: "", including: true, before: null, limit: ROWS_MAX });
  const walk = new RangeWalk("");
  const root = new DigestRoot();
  for (const row of rows) {
    const ended = row.inMirror ? walk.add(row) : null;
    if (ended) root.add(ended);
  }
  root.add(walk.finish());
  return root.finish();
}

/** What the sync's newest receipt says of it; null where there is none. */
export async function lastReceiptDigest({ userId, syncId }: Whose): Promise<{ entries: number; root: string } | null> {
  return (await lastReceipt(catalogue(env, 0), { userId, syncId }))?.receipt.digest ?? null;
}
