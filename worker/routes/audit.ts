import { Hono } from "hono";
import type { UserEnv } from "../context.ts";
import { listAudit, toAuditEvent } from "../db/audit.ts";
import { accounts } from "../db/client.ts";
import { pageQuery } from "../wire.ts";
import { query } from "./validate.ts";

/** What was done with the account, by its owner, their programs and administrators. */
export const auditRoutes = new Hono<UserEnv>().get("/", query(pageQuery), async (c) => {
  const { items, cursor } = await listAudit(accounts(c.env), c.var.user.id, c.req.valid("query"));
  return c.json({ items: items.map(toAuditEvent), cursor });
});
