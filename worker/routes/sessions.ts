import { Hono } from "hono";
import { record } from "../auth/record.ts";
import { sessionHash } from "../auth/session.ts";
import type { UserEnv } from "../context.ts";
import { accounts } from "../db/client.ts";
import { deleteOtherSessions, deleteSession, listSessions, sessionId, toSession } from "../db/sessions.ts";
import { agentInWords } from "../audit.ts";
import { AppError } from "../errors.ts";

/** Where the person is signed in. For people only: `scopeOf` lets no token in. */
export const sessionRoutes = new Hono<UserEnv>()
  .get("/", async (c) => {
    const rows = await listSessions(accounts(c.env), c.var.user.id, Date.now());
    return c.json({ items: rows.map((row) => toSession(row, c.var.sessionId)), cursor: null });
  })

  /** All others. */
  .delete("/", async (c) => {
    const ended = await deleteOtherSessions(accounts(c.env), c.var.user.id, sessionHash(c) ?? "");
    await record(c, "session.ended_others", { name: String(ended) });
    return c.body(null, 204);
  })

  .delete("/:id", async (c) => {
    const id = c.req.param("id");
    const db = accounts(c.env);
    const row = (await listSessions(db, c.var.user.id, Date.now())).find((each) => sessionId(each) === id);
    if (!row) throw new AppError("session.not_found", "There is no such session, or it is over.");
    await deleteSession(db, row.hash);
    await record(c, "session.ended", { target: id, name: agentInWords(row.userAgent) });
    return c.body(null, 204);
  });
