import { env } from "cloudflare:workers";
import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { randomId } from "../../worker/ids.ts";
import { createProof } from "../../worker/webhooks/proof.ts";
import type { WakeMessage } from "../../worker/webhooks/wake-message.ts";
import { call, errorCode } from "../routes/client.ts";
import { recordingQueue } from "./recording-queue.ts";

const SECRET = "sandbox-secret";
const subject = { userId: randomId(), connectionId: randomId() };
const now = () => Math.floor(Date.now() / 1000);

const token = (secret = SECRET, expires = now() + 180) =>
  new SignJWT({ iss: "atlassian-client" })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret));

async function deliver(state: string, authorization: string | undefined, body = '{"webhookEvent":"jira:issue_updated"}') {
  const queue = recordingQueue<WakeMessage>();
  const response = await call(`/webhooks/jira?state=${encodeURIComponent(state)}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(authorization !== undefined && { authorization }) },
    body,
    env: { WAKES: queue.queue },
  });
  return { response, wakes: queue.messages() };
}

describe("a notification of Jira's", () => {
  it("that is signed with the app's secret wakes the connection that its address names", async () => {
    const { response, wakes } = await deliver(await createProof(env, subject), `Bearer ${await token()}`);
    const wake = { reason: "webhook", connectionId: subject.connectionId, feedId: "" };
    expect([response.status, wakes]).toEqual([200, [{ userId: subject.userId, wake, requestId: expect.any(String) }]]);
  });

  it("without a signature, with another's, or with one whose time is over is refused", async () => {
    const state = await createProof(env, subject);
    const unsigned = `${btoa('{"alg":"none"}')}.${btoa("{}")}.`.replaceAll("=", "");
    const refused = [
      undefined,
      "Bearer x",
      `Bearer ${await token("another secret")}`,
      `Bearer ${await token(SECRET, now() - 120)}`,
      `Bearer ${unsigned}`,
    ];
    for (const authorization of refused) {
      const { response, wakes } = await deliver(state, authorization);
      expect([response.status, await errorCode(response), wakes]).toEqual([403, "webhook.unsigned", []]);
    }
  });

  it("whose address is none that we made wakes nobody, and is not delivered again", async () => {
    const forged = (await createProof(env, subject)).replace(subject.userId, randomId());
    for (const state of [forged, ""]) {
      const { response, wakes } = await deliver(state, `Bearer ${await token()}`);
      expect([response.status, wakes]).toEqual([200, []]);
    }
  });

  it("that is too large is refused", async () => {
    const { response } = await deliver("", `Bearer ${await token()}`, "x".repeat(2 * 1024 * 1024 + 1));
    expect([response.status, await errorCode(response)]).toEqual([413, "request.body_too_large"]);
  });
});
