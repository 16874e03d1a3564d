import type { AppContext, UserEnv } from "../context.ts";
import { catalogue } from "../db/client.ts";
import type { Database } from "../db/client.ts";
import type { ItemScope } from "../db/items.ts";
import type { MirrorRow } from "../db/mirror.ts";
import { mirrorRows } from "../db/mirror.ts";
import { lastReceipt } from "../db/receipts.ts";
import type { SyncRow } from "../db/syncs.ts";
import { contentKey } from "../sync/job.ts";

/** Rows read at a time: D1 answers 1,000 statements an invocation, enough for four million items. */
const CHUNK_ROWS_MAX = 4_000;

/**
 * The mirror as lines of JSON, in the order of the digest, however large it is. `Tidemark-Receipt` names the run whose receipt
 * it should match: a run that goes on meanwhile may have changed it since.
 */
export async function mirrorListing(c: AppContext<UserEnv>, sync: SyncRow): Promise<Response> {
  const { id: userId, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  const scope = { userId, syncId: sync.id };
  const receipt = await lastReceipt(db, scope);
  return new Response(lines(db, scope).pipeThrough(new TextEncoderStream()), {
    headers: {
      "content-type": "application/x-ndjson",
      "content-disposition": `attachment; filename="${sync.id}.ndjson"`,
      ...(receipt && { "tidemark-receipt": receipt.receipt.runId }),
    },
  });
}

function lines(db: Database, scope: ItemScope): ReadableStream<string> {
  let after = "";
  return new ReadableStream({
    async pull(controller) {
      // Until there is something to hand on: nobody pulls again for nothing.
      for (let chunk = ""; chunk === "";) {
        const rows = await mirrorRows(db, scope, { from: after, including: false, before: null, limit: CHUNK_ROWS_MAX });
        after = rows.at(-1)?.id ?? after;
        chunk = rows.map((row) => (row.inMirror ? `${JSON.stringify(lineOf(scope, row))}\n` : "")).join("");
        if (chunk !== "") controller.enqueue(chunk);
        if (rows.length < CHUNK_ROWS_MAX) return controller.close();
      }
    },
  });
}

function lineOf({ userId, syncId }: ItemScope, { id, parent, name, kind, size, sha256, storedId }: MirrorRow) {
  if (kind === 0) return { id, parent, name, kind: "folder", size: null, sha256: null };
  return { id, parent, name, kind: "file", size, sha256, key: storedId === null ? null : contentKey(userId, syncId, storedId) };
}
