import { Hono } from "hono";
import type { UserEnv } from "../context.ts";
import { listRecentChanges } from "../db/changes.ts";
import { catalogue } from "../db/client.ts";
import { encodePlace } from "../sync/changes.ts";
import { recentChangesQuery } from "../wire/activity.ts";
import { decodePlace, toChanges } from "./changes.ts";
import { loadSync } from "./load.ts";
import { query } from "./validate.ts";

/** Rows of steps looked at for one page. */
const ROWS_MAX = 500;

/** GET /changes/recent: what changed, newest first, for people. A reader goes on with `/changes` from the cursor of the first one. */
export const recentChangeRoutes = new Hono<UserEnv>().get("/", query(recentChangesQuery), async (c) => {
  const { id, homeShard } = c.var.user;
  const { cursor, limit, sync: syncId, type } = c.req.valid("query");
  if (syncId !== undefined) await loadSync(c, syncId);
  const before = cursor === undefined ? null : decodePlace(cursor);
  const { changes, to } = await listRecentChanges(catalogue(c.env, homeShard), id, { before, syncId, type, rowsMax: ROWS_MAX, limit });
  return c.json({ items: await toChanges(c, changes), cursor: to && encodePlace(to) });
});
