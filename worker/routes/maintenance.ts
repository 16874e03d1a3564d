import { Hono } from "hono";
import { z } from "zod";
import { callerAddress, rateLimit } from "../auth/rate-limit.ts";
import type { AppEnv } from "../context.ts";
import { accounts } from "../db/client.ts";
import { isEmpty } from "../db/rebuild.ts";
import { AppError } from "../errors.ts";
import { rebuildChunk, rebuildCursor } from "../rebuild/rebuild.ts";
import { isRebuildToken } from "../rebuild/token.ts";
import { jsonBody } from "./validate.ts";

const rebuildRequest = z.strictObject({
  /** Null: from the beginning. */
  cursor: rebuildCursor.nullable().default(null),
  /** Also where the catalogue is not empty: what is there stays. */
  force: z.boolean().default(false),
});

/** /api/maintenance: for the operator's own scripts, who prove that they have the master key. */
export const maintenanceRoutes = new Hono<AppEnv>()
  .use(rateLimit((env) => env.API_LIMIT, callerAddress))
  .use(async (c, next) => {
    const token = /^Bearer (\S+)$/.exec(c.req.header("authorization") ?? "")?.[1];
    if (token === undefined || !(await isRebuildToken(c.env, token, Date.now())))
      throw new AppError("auth.required", "This needs a token that was signed with the master key in the last five minutes.");
    await next();
    c.header("cache-control", "no-store");
  })
  .post("/rebuild", jsonBody(rebuildRequest), async (c) => {
    const { cursor, force } = c.req.valid("json");
    if (cursor === null && !force && !(await isEmpty(accounts(c.env))))
      throw new AppError("rebuild.not_empty", "The catalogue is not empty. Should it be completed from the bucket all the same, say so.");
    const done = await rebuildChunk(c.env, cursor ?? { phase: "accounts", after: "" }, Date.now());
    c.var.log.info("catalogue.rebuilt", { accounts: done.accounts, contents: done.contents, passedBy: done.passedBy.length });
    return c.json(done);
  });
