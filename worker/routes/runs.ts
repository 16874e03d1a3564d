import { Hono } from "hono";
import type { UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { catalogue } from "../db/client.ts";
import { getReceipt } from "../db/receipts.ts";
import { AppError, unwrap } from "../errors.ts";
import { decide, listHeld } from "./held.ts";
import { listFilesOfRun } from "./list-items.ts";
import { loadRun, withLiveNumbers } from "./load.ts";
import { runLog } from "./run-log.ts";
import { jsonBody, query } from "./validate.ts";
import { decision, pageQuery, runFilesQuery } from "../wire.ts";

export const runRoutes = new Hono<UserEnv>()
  .get("/:id", async (c) => {
    const [run] = await withLiveNumbers(c, [await loadRun(c, c.req.param("id"))]);
    if (!run) throw new Error("A run that was read is not shown.");
    return c.json(run);
  })

  .get("/:id/files", query(runFilesQuery), async (c) => {
    const run = await loadRun(c, c.req.param("id"));
    return c.json(await listFilesOfRun(c, run, c.req.valid("query")));
  })

  .get("/:id/receipt", async (c) => {
    const { id: userId, homeShard } = c.var.user;
    const run = await loadRun(c, c.req.param("id"));
    const signed = run.finishedAt === null ? null : await getReceipt(catalogue(c.env, homeShard), { userId, syncId: run.syncId }, run.id);
    if (!signed) throw new AppError("run.no_receipt", "Only a run that came to its end has a receipt.");
    return c.json(signed);
  })

  .get("/:id/logs", async (c) => runLog(c, await loadRun(c, c.req.param("id"))))

  .get("/:id/held", query(pageQuery), async (c) => {
    const run = await loadRun(c, c.req.param("id"));
    return c.json(await listHeld(c, run.syncId, c.req.valid("query")));
  })

  .post("/:id/approve", jsonBody(decision), async (c) => c.json(await decide(c, "approve", c.req.param("id"), c.req.valid("json")), 202))

  .post("/:id/discard", jsonBody(decision), async (c) => c.json(await decide(c, "discard", c.req.param("id"), c.req.valid("json")), 202))

  .post("/:id/retry", async (c) => c.json(unwrap(await userObject(c.env, c.var.user.id).retry(c.req.param("id"), c.var.requestId)), 202));
