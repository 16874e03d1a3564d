import { Hono } from "hono";
import type { UserEnv } from "../context.ts";
import { catalogue } from "../db/client.ts";
import { listStorageDays } from "../db/storage-days.ts";
import type { SyncRow } from "../db/syncs.ts";
import { listSyncs } from "../db/syncs.ts";
import { dateOf, dayOf, seriesOf } from "../sync/storage-days.ts";
import type { StorageDay } from "../wire/storage.ts";
import { storageQuery } from "../wire/storage.ts";
import { loadSync } from "./load.ts";
import { query } from "./validate.ts";

/** GET /storage: what was kept, day by day, oldest first. */
export const storageRoutes = new Hono<UserEnv>().get("/", query(storageQuery), async (c) => {
  const { id, homeShard } = c.var.user;
  const { sync: syncId, days } = c.req.valid("query");
  const db = catalogue(c.env, homeShard);
  const syncs = syncId === undefined ? await listSyncs(db, id) : [await loadSync(c, syncId)];
  const today = dayOf(Date.now());
  const from = today - days + 1;
  const known = await listStorageDays(db, id, from, syncId);
  const rows = [...known.filter(({ day }) => day < today), ...syncs.map((sync) => ({ syncId: sync.id, day: today, ...amountOf(sync) }))];
  const items: StorageDay[] = seriesOf(rows, from, today).map(({ day, ...amount }) => ({ day: dateOf(day), ...amount }));
  return c.json({ items, cursor: null });
});

function amountOf(sync: SyncRow): Omit<StorageDay, "day"> {
  return { files: sync.storedCount + sync.heldCount, bytes: sync.storedBytes, versionBytes: sync.versionBytes };
}
