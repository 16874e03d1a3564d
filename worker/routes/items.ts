import { Hono } from "hono";
import type { UserEnv } from "../context.ts";
import type { StoredContent } from "../db/browse.ts";
import { lastVersion } from "../db/browse.ts";
import { catalogue } from "../db/client.ts";
import { AppError } from "../errors.ts";
import { explainItem } from "./explain.ts";
import { loadItem, withPaths } from "./list-items.ts";
import { sendStored } from "./send-content.ts";

export const itemRoutes = new Hono<UserEnv>()
  .get("/:id", async (c) => {
    const { syncId, row } = await loadItem(c, c.req.param("id"));
    const [item] = await withPaths(c, syncId, [row]);
    if (!item) throw new Error("An item that was read is not shown.");
    return c.json(item);
  })

  .get("/:id/explain", async (c) => c.json(await explainItem(c, c.req.param("id"))))

  /** The item's last stored version. */
  .get("/:id/content", async (c) => {
    const { syncId, row } = await loadItem(c, c.req.param("id"));
    const { id: userId, homeShard } = c.var.user;
    const content = storedContent(row) ?? (await lastVersion(catalogue(c.env, homeShard), userId, syncId, row.remoteId));
    if (!content) throw new AppError("item.not_stored", "Nothing of this item is stored yet.");
    return sendStored(c, syncId, row, content);
  });

/** What is stored of an item; null where nothing is. */
export function storedContent(row: {
  storedId: string | null;
  storedSize: number | null;
  storedSha256: string | null;
}): StoredContent | null {
  const { storedId, storedSize: size, storedSha256: sha256 } = row;
  return storedId === null || size === null || sha256 === null ? null : { storedId, size, sha256 };
}
