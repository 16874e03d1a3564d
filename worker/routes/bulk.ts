import { Hono } from "hono";
import type { AppContext, UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { getItems } from "../db/browse.ts";
import { catalogue } from "../db/client.ts";
import type { ErrorCode, Result } from "../errors.ts";
import { AppError, failure } from "../errors.ts";
import { decodeItemId, encodeItemId } from "../item-id.ts";
import { errorFields } from "../log.ts";
import type { Item } from "../wire.ts";
import type { BulkOutcome } from "../wire/bulk.ts";
import { bulkRequest } from "../wire/bulk.ts";
import { withPaths } from "./list-items.ts";
import { jsonBody } from "./validate.ts";

/** The same for several items: each is done, or not, by itself, and the answer tells what became of each. */
export const bulkRoutes = new Hono<UserEnv>()
  .post("/restore", jsonBody(bulkRequest), async (c) => {
    const object = userObject(c.env, c.var.user.id);
    return c.json(
      await doEach(c, c.req.valid("json").ids, async (syncId, remoteIds) => {
        const results = new Map<string, Result<null>>();
        for (const remoteId of remoteIds) results.set(remoteId, await said(c, object.restoreItem(syncId, remoteId, c.var.requestId)));
        return results;
      }),
      202,
    );
  })

  .post("/retry", jsonBody(bulkRequest), async (c) => {
    const object = userObject(c.env, c.var.user.id);
    return c.json(
      await doEach(c, c.req.valid("json").ids, async (syncId, remoteIds) => {
        const due = await said(c, object.retryItems(syncId, remoteIds, c.var.requestId));
        const isDue = new Set(due.ok ? due.value : []);
        const other = failure("item.not_failed", "This item has not failed.");
        return new Map(remoteIds.map((id) => [id, isDue.has(id) ? { ok: true, value: null } : due.ok ? other : due]));
      }),
      202,
    );
  });

type Act = (syncId: string, remoteIds: string[]) => Promise<ReadonlyMap<string, Result<null>>>;

async function doEach(c: AppContext<UserEnv>, asked: readonly string[], act: Act): Promise<{ items: BulkOutcome[]; cursor: null }> {
  const ids = [...new Set(asked)];
  const errors = new Map<string, { code: ErrorCode; message: string }>();
  const items = new Map<string, Item>();
  for (const [syncId, remoteIds] of Map.groupBy(
    ids.flatMap((id) => decodeItemId(id) ?? []),
    (each) => each.syncId,
  )) {
    // prettier-ignore
    const known = await readItems(c, syncId, remoteIds.map(({ remoteId }) => remoteId)); // prettier-ignore
    if (known.size === 0) continue;
    const results = await act(syncId, [...known.keys()]);
    for (const [remoteId, result] of results) if (!result.ok) errors.set(encodeItemId(syncId, remoteId), result);
    for (const item of (await readItems(c, syncId, [...known.keys()])).values()) items.set(item.id, item);
  }
  return { items: ids.map((id) => outcomeOf(id, items.get(id), errors.get(id))), cursor: null };
}

function outcomeOf(id: string, item: Item | undefined, error: { code: ErrorCode; message: string } | undefined): BulkOutcome {
  if (error) return { id, item: null, error: { code: error.code, message: error.message } };
  if (!item) return { id, item: null, error: { code: "item.not_found", message: "There is no such item." } };
  return { id, item, error: null };
}

/** The user's items of this sync, by remote id. */
async function readItems(c: AppContext<UserEnv>, syncId: string, remoteIds: readonly string[]): Promise<Map<string, Item>> {
  const { id: userId, homeShard } = c.var.user;
  const rows = await getItems(catalogue(c.env, homeShard), userId, syncId, remoteIds);
  return new Map((await withPaths(c, syncId, rows)).map((item) => [item.remoteId, item]));
}

/** What breaks off is told of its own items: of the others it is known what became of them. */
async function said<T>(c: AppContext<UserEnv>, call: Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await call;
  } catch (error) {
    c.var.log.error("bulk.failed", errorFields(error));
    const { code, message } =
      error instanceof AppError ? error : { code: "server.unexpected" as const, message: "Something went wrong here. It has been logged." };
    return failure(code, message);
  }
}
