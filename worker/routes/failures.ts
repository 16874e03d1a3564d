import { Hono } from "hono";
import type { UserEnv } from "../context.ts";
import { catalogue } from "../db/client.ts";
import { failuresByReason } from "../db/failures.ts";
import { toInstantOrNull } from "../db/instant.ts";
import type { FailureGroup } from "../wire/activity.ts";
import { loadSync } from "./load.ts";

/** GET /syncs/{id}/failures: why files could not be stored. */
export const failureRoutes = new Hono<UserEnv>().get("/", async (c) => {
  const { id: userId, homeShard } = c.var.user;
  const { id: syncId } = await loadSync(c, c.req.param("id") ?? "");
  const rows = await failuresByReason(catalogue(c.env, homeShard), { userId, syncId });
  const items: FailureGroup[] = rows.map(({ nextAttemptAt, ...row }) => ({ ...row, nextAttemptAt: toInstantOrNull(nextAttemptAt) }));
  return c.json({ items, cursor: null });
});
