import { Hono } from "hono";
import type { UserEnv } from "../context.ts";
import { catalogue } from "../db/client.ts";
import { failuresByReason } from "../db/failures.ts";
import { toInstantOrNull } from "../db/instant.ts";
import { userObject } from "../context.ts";
import { unwrap } from "../errors.ts";
import type { FailureGroup } from "../wire/activity.ts";
import { failureRetry } from "../wire/activity.ts";
import { loadSync } from "./load.ts";
import { jsonBody } from "./validate.ts";

/** /syncs/{id}/failures: why files could not be stored, and trying those of one cause again. */
export const failureRoutes = new Hono<UserEnv>()
  .get("/", async (c) => {
    const { id: userId, homeShard } = c.var.user;
    const { id: syncId } = await loadSync(c, c.req.param("id") ?? "");
    const rows = await failuresByReason(catalogue(c.env, homeShard), { userId, syncId });
    const items: FailureGroup[] = rows.map(({ nextAttemptAt, ...row }) => ({ ...row, nextAttemptAt: toInstantOrNull(nextAttemptAt) }));
    return c.json({ items, cursor: null });
  })

  .post("/retry", jsonBody(failureRetry), async (c) => {
    const { id: syncId } = await loadSync(c, c.req.param("id") ?? "");
    const object = userObject(c.env, c.var.user.id);
    return c.json(unwrap(await object.retryReason(syncId, c.req.valid("json").reason, c.var.requestId)), 202);
  });
