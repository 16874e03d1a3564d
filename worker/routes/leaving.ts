import { Hono } from "hono";
import { record, recordOf } from "../auth/record.ts";
import { forgetSession } from "../auth/session.ts";
import type { AppContext, UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { accounts, catalogue } from "../db/client.ts";
import { beginErasure } from "../db/erasures.ts";
import { toInstant } from "../db/instant.ts";
import { AppError } from "../errors.ts";
import { errorFields } from "../log.ts";
import type { ErasureBegun } from "../wire/account.ts";
import { erasureRequest } from "../wire/account.ts";
import { exportLines } from "./export-lines.ts";
import { jsonBody } from "./validate.ts";

/** Taking everything along, and leaving. */
export const leavingRoutes = new Hono<UserEnv>()
  .get("/export", async (c) => {
    await record(c, "account.exported");
    const { id: userId, homeShard } = c.var.user;
    const lines = exportLines(accounts(c.env), catalogue(c.env, homeShard), userId, Date.now());
    return new Response(streamOf(lines).pipeThrough(new TextEncoderStream()), {
      headers: {
        "content-type": "application/x-ndjson",
        "content-disposition": `attachment; filename="tidemark-export-${new Date().toISOString().slice(0, 10)}.jsonl"`,
      },
    });
  })

  /** The user is gone when this answers; what was kept of them follows. No token can do it. */
  .delete("/", jsonBody(erasureRequest), async (c) => {
    const { user } = c.var;
    const expected = user.email ?? user.name;
    if (c.req.valid("json").confirm.trim().toLowerCase() !== expected.trim().toLowerCase()) {
      throw new AppError("account.not_confirmed", `confirm: type “${expected}” to have everything erased.`);
    }
    const erasure = recordOf(c, "account.erasure_begun");
    await beginErasure(accounts(c.env), erasure);
    forgetSession(c);
    await tellObject(c, user.id);
    c.var.log.info("account.erasure_begun");
    const answer: ErasureBegun = { begunAt: toInstant(erasure.at) };
    return c.json(answer, 202);
  });

/** Should it not hear of it now, cron tells it. */
async function tellObject(c: AppContext<UserEnv>, userId: string): Promise<void> {
  try {
    await userObject(c.env, userId).wake({ reason: "erasure" }, c.var.requestId);
  } catch (error) {
    c.var.log.warn("account.erasure_waits", errorFields(error));
  }
}

/** A reader that is slow holds up the reading. What breaks off, breaks the answer off. */
function streamOf(lines: AsyncGenerator<string>): ReadableStream<string> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await lines.return(undefined);
    },
  });
}
