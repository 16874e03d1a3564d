import { Hono } from "hono";
import { record } from "../auth/record.ts";
import type { AppContext, UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { catalogue } from "../db/client.ts";
import { listRuns } from "../db/runs.ts";
import { listSyncs } from "../db/syncs.ts";
import { AppError, unwrap } from "../errors.ts";
import { isTimeId } from "../ids.ts";
import { countItems, listItems, listTrash } from "./list-items.ts";
import { mirrorListing } from "./listing.ts";
import { loadSync, withLastRuns, withLiveNumbers } from "./load.ts";
import { previewNew, previewSync } from "./preview.ts";
import { selectedEntries } from "./selected.ts";
import { jsonBody, query } from "./validate.ts";
import type { Run } from "../wire.ts";
import {
  itemsCountQuery,
  itemsQuery,
  newPreviewRequest,
  pageQuery,
  previewRequest,
  runRequest,
  syncCreate,
  syncPatch,
  verifyRequest,
} from "../wire.ts";

export const syncRoutes = new Hono<UserEnv>()
  .get("/", async (c) => {
    const { id, homeShard } = c.var.user;
    const rows = await listSyncs(catalogue(c.env, homeShard), id);
    return c.json({ items: await withLastRuns(c, rows), cursor: null });
  })

  .post("/", jsonBody(syncCreate), async (c) =>
    c.json(unwrap(await userObject(c.env, c.var.user.id).createSync(c.req.valid("json"), c.var.requestId)), 201),
  )

  /** Runs every active sync of the user; one whose run is under way answers that run. */
  .post("/run", jsonBody(runRequest), async (c) => {
    const { id, homeShard } = c.var.user;
    const rows = await listSyncs(catalogue(c.env, homeShard), id);
    const items: Run[] = [];
    for (const row of rows) {
      if (row.status !== "active") continue;
      const run = await userObject(c.env, id).run(row.id, { ...c.req.valid("json"), trigger: triggerOf(c) }, c.var.requestId);
      if (run.ok) items.push(run.value);
      else c.var.log.warn("sync.not_run", { syncId: row.id, code: run.code });
    }
    return c.json({ items, cursor: null }, 202);
  })

  .post("/preview", jsonBody(newPreviewRequest), async (c) => c.json(await previewNew(c, c.req.valid("json"))))

  .post("/:id/preview", jsonBody(previewRequest), async (c) =>
    c.json(await previewSync(c, await loadSync(c, c.req.param("id")), c.req.valid("json"))),
  )

  .get("/:id", async (c) => {
    const [sync] = await withLastRuns(c, [await loadSync(c, c.req.param("id"))]);
    if (!sync) throw new Error("A sync that was read is not shown.");
    return c.json(sync);
  })

  .patch("/:id", jsonBody(syncPatch), async (c) =>
    c.json(unwrap(await userObject(c.env, c.var.user.id).updateSync(c.req.param("id"), c.req.valid("json"), c.var.requestId))),
  )

  /** Ends the sync; its rows and content are erased in the background. */
  .delete("/:id", async (c) => {
    const { id, name } = await loadSync(c, c.req.param("id"));
    unwrap(await userObject(c.env, c.var.user.id).deleteSync(id, c.var.requestId));
    await record(c, "sync.deleted", { target: id, name });
    return c.body(null, 204);
  })

  .post("/:id/run", jsonBody(runRequest), async (c) => {
    const options = { ...c.req.valid("json"), trigger: triggerOf(c) };
    return c.json(unwrap(await userObject(c.env, c.var.user.id).run(c.req.param("id"), options, c.var.requestId)), 202);
  })

  .post("/:id/verify", jsonBody(verifyRequest), async (c) => {
    const { content } = c.req.valid("json");
    return c.json(unwrap(await userObject(c.env, c.var.user.id).verify(c.req.param("id"), content, c.var.requestId)), 202);
  })

  .post("/:id/pause", async (c) => c.json(unwrap(await userObject(c.env, c.var.user.id).pause(c.req.param("id"), c.var.requestId))))

  .post("/:id/resume", async (c) => c.json(unwrap(await userObject(c.env, c.var.user.id).resume(c.req.param("id"), c.var.requestId))))

  .post("/:id/cancel", async (c) => c.json(unwrap(await userObject(c.env, c.var.user.id).cancel(c.req.param("id"), c.var.requestId))))

  .post("/:id/confirm-changes", async (c) =>
    c.json(unwrap(await userObject(c.env, c.var.user.id).confirmChanges(c.req.param("id"), c.var.requestId))),
  )

  .get("/:id/status", async (c) => c.json(unwrap(await userObject(c.env, c.var.user.id).status(c.req.param("id")))))

  .get("/:id/runs", query(pageQuery), async (c) => {
    const { id, homeShard } = c.var.user;
    const sync = await loadSync(c, c.req.param("id"));
    const asked = c.req.valid("query");
    if (asked.cursor !== undefined && !isTimeId(asked.cursor)) throw new AppError("request.invalid", "cursor: not one of this list");
    const page = await listRuns(catalogue(c.env, homeShard), id, sync.id, asked);
    return c.json({ items: await withLiveNumbers(c, page.items), cursor: page.cursor });
  })

  .get("/:id/listing", async (c) => mirrorListing(c, await loadSync(c, c.req.param("id"))))

  .get("/:id/selection", async (c) => c.json({ items: await selectedEntries(c, await loadSync(c, c.req.param("id"))), cursor: null }))

  .get("/:id/trash", query(pageQuery), async (c) => {
    const sync = await loadSync(c, c.req.param("id"));
    return c.json(await listTrash(c, sync.id, c.req.valid("query")));
  })

  .get("/:id/items", query(itemsQuery), async (c) => {
    const sync = await loadSync(c, c.req.param("id"));
    return c.json(await listItems(c, sync.id, c.req.valid("query")));
  })

  .get("/:id/items/count", query(itemsCountQuery), async (c) => {
    const sync = await loadSync(c, c.req.param("id"));
    return c.json(await countItems(c, sync.id, c.req.valid("query")));
  });

/** Who asked for a run: a person, or a program in their name. */
function triggerOf(c: AppContext<UserEnv>): "manual" | "api" {
  return c.var.token ? "api" : "manual";
}
