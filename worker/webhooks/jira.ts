import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { errors, jwtVerify } from "jose";
import type { AppContext, AppEnv } from "../context.ts";
import { AppError } from "../errors.ts";
import { deliverWakes } from "./deliver.ts";
import { verifyProof } from "./proof.ts";

// Jira's notifications of changes, of an app's dynamic webhooks. Each is signed with the app's secret, as a token that comes with it; for
// whom it is stands in the address that the webhook was made with. They are no more than a bell: their bodies are not read.

/** Jira sends issues whole. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;
/** How far its clock and ours may be apart. */
const CLOCK_SECONDS = 60;

export const jiraWebhook = new Hono<AppEnv>().post("/", bodyLimit({ maxSize: BODY_BYTES_MAX, onError: tooLarge }), async (c) => {
  if (!(await isSigned(c))) {
    c.var.log.warn("webhook.refused", { provider: "jira" });
    throw new AppError("webhook.unsigned", "The delivery is not signed by Jira.");
  }
  const subject = await verifyProof(c.env, c.req.query("state") ?? "");
  // Answered as any other: Jira would only deliver it again.
  if (!subject) c.var.log.warn("webhook.refused", { provider: "jira", refused: 1, of: 1 });
  else {
    const { userId, connectionId } = subject;
    await deliverWakes(c, "jira", new Map([[userId, [{ reason: "webhook", connectionId, feedId: "" }]]]));
  }
  return c.body(null, 200);
});

/** By a JWT of the app's secret, HS256 and no other way. */
async function isSigned(c: AppContext): Promise<boolean> {
  const { ATLASSIAN_CLIENT_SECRET: secret } = c.env as Env & { ATLASSIAN_CLIENT_SECRET?: string };
  const [, token] = /^(?:Bearer|JWT) (\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
  if (!secret || token === undefined) return false;
  try {
    await jwtVerify(token, new TextEncoder().encode(secret), { algorithms: ["HS256"], clockTolerance: CLOCK_SECONDS });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}

function tooLarge(): never {
  throw new AppError("request.body_too_large", `A notification has at most ${BODY_BYTES_MAX} bytes.`);
}
