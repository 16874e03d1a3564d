import { decodeHex } from "@oslojs/encoding";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AppContext, AppEnv } from "../context.ts";
import { sendWakes } from "../cron.ts";
import { AppError } from "../errors.ts";
import { proofOf, verifyProof, type Subject } from "./proof.ts";

// Autodesk's notifications: each of one event, signed with the token that its hook was given. Whom it is for stands in the address;
// they are no more than a bell. The answer is 202 whatever it holds, so that nobody learns what we know, and no hook is put out of use.

const BODY_BYTES_MAX = 256 * 1024;
const CLAIM_CHARACTERS_MAX = 100;
const SIGNATURE = /^sha1hash=([0-9a-f]{40})$/i;

export const autodeskWebhook = new Hono<AppEnv>().post("/", bodyLimit({ maxSize: BODY_BYTES_MAX, onError: tooLarge }), async (c) => {
  const subject = await signedFor(c, await c.req.arrayBuffer());
  if (!subject) {
    c.var.log.warn("webhook.refused", { provider: "autodesk", refused: 1, of: 1 });
    return c.body(null, 202);
  }
  const { userId, connectionId } = subject;
  const { success } = await c.env.WEBHOOK_LIMIT.limit({ key: userId });
  if (success)
    await sendWakes(c.env.WAKES, [{ userId, wake: { reason: "webhook", connectionId, feedId: "" }, requestId: c.var.requestId }]);
  else c.var.log.warn("webhook.limited", { provider: "autodesk", userId });
  return c.body(null, 202);
});

/** By HMAC-SHA1 over the very bytes, with the proof that the claim is part of. Takes the same time however much of it is right. */
async function signedFor(c: AppContext, body: ArrayBuffer): Promise<Subject | null> {
  const claim = c.req.query("for") ?? "";
  const [, signature] = SIGNATURE.exec(c.req.header("x-adsk-signature") ?? "") ?? [];
  const proof = claim.length > CLAIM_CHARACTERS_MAX || signature === undefined ? null : await proofOf(c.env, claim);
  if (proof === null || signature === undefined) return null;
  const algorithm = { name: "HMAC", hash: "SHA-1" };
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(proof), algorithm, false, ["verify"]);
  const signed = await crypto.subtle.verify("HMAC", key, decodeHex(signature), body);
  return signed ? verifyProof(c.env, proof) : null;
}

function tooLarge(): never {
  throw new AppError("request.body_too_large", `A notification has at most ${BODY_BYTES_MAX} bytes.`);
}
