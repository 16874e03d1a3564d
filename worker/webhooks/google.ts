import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AppEnv } from "../context.ts";
import { sendWakes } from "../cron.ts";
import { AppError } from "../errors.ts";
import { verifyProof } from "./proof.ts";

// Google's notifications of changes: headers alone, one notification a request. The channel's token proves that it is ours. The answer
// is 202 whatever it holds, so that nobody learns what we know.

const BODY_BYTES_MAX = 16 * 1024;
/** The first message of a channel says that it is open, and of no change. */
const OPENED = "sync";

export const googleWebhook = new Hono<AppEnv>().post("/", bodyLimit({ maxSize: BODY_BYTES_MAX, onError: tooLarge }), async (c) => {
  const proof = c.req.header("x-goog-channel-token");
  const subject = proof === undefined ? null : await verifyProof(c.env, proof);
  if (!subject) {
    c.var.log.warn("webhook.refused", { provider: "google", refused: 1, of: 1 });
    return c.body(null, 202);
  }
  // The guide calls the other state by two names: whatever it is called, looking is right.
  if (c.req.header("x-goog-resource-state") === OPENED) return c.body(null, 202);
  const { userId, connectionId } = subject;
  const { success } = await c.env.WEBHOOK_LIMIT.limit({ key: userId });
  if (success)
    await sendWakes(c.env.WAKES, [{ userId, wake: { reason: "webhook", connectionId, feedId: "" }, requestId: c.var.requestId }]);
  else c.var.log.warn("webhook.limited", { provider: "google", userId });
  return c.body(null, 202);
});

function tooLarge(): never {
  throw new AppError("request.body_too_large", `A notification has at most ${BODY_BYTES_MAX} bytes.`);
}
