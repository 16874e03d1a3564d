import { Hono } from "hono";
import { z } from "zod";
import type { AppContext, UserEnv } from "../../context.ts";
import { accounts } from "../../db/client.ts";
import type { DeadLetterRow } from "../../db/dead-letters.ts";
import { findDead, listDead, noteReturned } from "../../db/dead-letters.ts";
import { toInstant, toInstantOrNull } from "../../db/instant.ts";
import { errorFields } from "../../log.ts";
import { handBack } from "../../webhooks/dead.ts";
import { pageQuery } from "../../wire.ts";
import type { DeadLetter, Redriven } from "../../wire/admin.ts";
import { redriveRequest } from "../../wire/admin.ts";
import { decodeCursor, encodeCursor } from "../list-items.ts";
import { jsonBody, query } from "../validate.ts";
import { noteAct } from "./audit.ts";

/** Letters of one request: their users' objects are called within it. */
const REDRIVE_MAX = 500;

const placeOfLetter = z.object({ lastAt: z.int(), id: z.string() });

/** /admin/dead-letters: messages that failed every delivery, and handing them back once more. */
export const deadLetterRoutes = new Hono<UserEnv>()
  .get("/", query(pageQuery), async (c) => {
    const { limit, cursor } = c.req.valid("query");
    noteAct(c, "letters.listed");
    const after = cursor === undefined ? null : decodeCursor(cursor, placeOfLetter);
    const rows = await listDead(accounts(c.env), { after, limit: limit + 1 });
    const last = rows.at(limit - 1);
    const next = last && rows.length > limit ? encodeCursor({ lastAt: last.lastAt, id: last.id }) : null;
    return c.json({ items: rows.slice(0, limit).map(toDeadLetter), cursor: next });
  })

  /** Repeated, it changes nothing: a job that is not in the ledger any more is nobody's, and a wake too many does nothing. */
  .post("/redrive", jsonBody(redriveRequest), async (c) => {
    const { ids } = c.req.valid("json");
    const rows = await findDead(accounts(c.env), ids === undefined ? "waiting" : { ids }, REDRIVE_MAX + 1);
    const taken = rows.slice(0, REDRIVE_MAX);
    noteAct(c, "letters.redriven", { letters: taken.length });
    const returned = await handBackAll(c, taken);
    const answer: Redriven = { returned, failed: taken.length - returned, left: rows.length > REDRIVE_MAX };
    return c.json(answer);
  });

/** How many were handed back; one user's object that does not take them holds up nobody else's. */
async function handBackAll(c: AppContext<UserEnv>, rows: readonly DeadLetterRow[]): Promise<number> {
  let returned = 0;
  for (const [userId, letters] of Map.groupBy(rows, (row) => row.userId)) {
    try {
      await handBack(c.env, userId, letters.map(({ message }) => message), c.var.requestId); // prettier-ignore
      await noteReturned(accounts(c.env), letters.map(({ id }) => id), Date.now()); // prettier-ignore
      returned += letters.length;
    } catch (error) {
      c.var.log.warn("admin.not_redriven", { ofUser: userId, ...errorFields(error) });
    }
  }
  return returned;
}

function toDeadLetter(row: DeadLetterRow): DeadLetter {
  const { message } = row;
  return {
    id: row.id,
    queue: row.queue,
    userId: row.userId,
    about: "jobId" in message ? message.jobId : message.wake.reason,
    reason: row.reason,
    count: row.count,
    firstAt: toInstant(row.firstAt),
    lastAt: toInstant(row.lastAt),
    state: row.returnedAt === null ? "waiting" : "returned",
    returnedAt: toInstantOrNull(row.returnedAt),
  };
}
