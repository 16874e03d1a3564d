import type { Context } from "hono";
import { Hono } from "hono";
import { record } from "../auth/record.ts";
import type { UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { catalogue } from "../db/client.ts";
import type { HistoryRow } from "../db/history.ts";
import { getVersion, listVersions, toVersion } from "../db/history.ts";
import { AppError, unwrap } from "../errors.ts";
import { DEFAULT_OPTIONS } from "../sync/rules.ts";
import type { Item } from "../wire.ts";
import { pageQuery } from "../wire.ts";
import { loadItem, withPaths } from "./list-items.ts";
import { loadSync } from "./load.ts";
import { sendStored } from "./send-content.ts";
import { query } from "./validate.ts";

/** What an item once was, and taking it back. */
export const versionRoutes = new Hono<UserEnv>()
  .get("/:id/versions", query(pageQuery), async (c) => {
    const { id: userId, homeShard } = c.var.user;
    const { syncId, row } = await loadItem(c, c.req.param("id"));
    const sync = await loadSync(c, syncId);
    const { limit, cursor } = c.req.valid("query");
    const before = cursor === undefined ? null : numberOf(cursor);
    if (Number.isNaN(before)) throw new AppError("request.invalid", "cursor: not one of this list");
    const rows = await listVersions(catalogue(c.env, homeShard), { userId, syncId }, row.remoteId, { before, limit: limit + 1 });
    const retentionDays = sync.alarmedAt === null ? { ...DEFAULT_OPTIONS, ...sync.options }.retentionDays : null;
    const items = rows.slice(0, limit).map((version) => toVersion(version, userId, retentionDays));
    return c.json({ items, cursor: rows.length > limit ? String(items.at(-1)?.number) : null });
  })

  .get("/:id/versions/:number/content", async (c) => {
    const { syncId, row, version } = await loadVersion(c);
    return sendStored(c, syncId, row, version);
  })

  .post("/:id/versions/:number/restore", async (c) => {
    const { syncId, row, version } = await loadVersion(c);
    unwrap(await userObject(c.env, c.var.user.id).restoreVersion(syncId, row.remoteId, version.number, c.var.requestId));
    await record(c, "version.restored", { target: c.req.param("id"), name: row.name });
    return c.json(await reload(c));
  })

  /** Takes a removed item back: a folder with all that was removed with it, in the background. */
  .post("/:id/restore", async (c) => {
    const { syncId, row } = await loadItem(c, c.req.param("id"));
    unwrap(await userObject(c.env, c.var.user.id).restoreItem(syncId, row.remoteId, c.var.requestId));
    await record(c, "item.restored", { target: c.req.param("id"), name: row.name });
    return c.json(await reload(c), 202);
  });

async function loadVersion(c: Context<UserEnv>) {
  const { id: userId, homeShard } = c.var.user;
  const { syncId, row } = await loadItem(c, c.req.param("id") ?? "");
  const number = numberOf(c.req.param("number") ?? "");
  const version: HistoryRow | undefined = Number.isNaN(number)
    ? undefined
    : await getVersion(catalogue(c.env, homeShard), { userId, syncId }, row.remoteId, number);
  if (!version) throw new AppError("version.not_found", "There is no such version, or it has outlived its retention time.");
  return { syncId, row, version };
}

async function reload(c: Context<UserEnv>): Promise<Item> {
  const { syncId, row } = await loadItem(c, c.req.param("id") ?? "");
  const [item] = await withPaths(c, syncId, [row]);
  if (!item) throw new Error("An item that was read is not shown.");
  return item;
}

/** NaN for what is no version's number. */
function numberOf(text: string): number {
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN;
}
