import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { randomId } from "../../worker/ids.ts";
import { createProof } from "../../worker/webhooks/proof.ts";
import type { WakeMessage } from "../../worker/webhooks/wake-message.ts";
import { call, errorCode } from "../routes/client.ts";
import { recordingQueue } from "./recording-queue.ts";

const subject = { userId: randomId(), connectionId: randomId() };

async function deliver(headers: Record<string, string>): Promise<{ status: number; wakes: WakeMessage[] }> {
  const queue = recordingQueue<WakeMessage>();
  const response = await call("/webhooks/google", { method: "POST", headers, env: { WAKES: queue.queue } });
  return { status: response.status, wakes: queue.messages() };
}

describe("a notification of Google's", () => {
  it.each(["change", "changed", "update"])("of the state %s wakes the connection that its token names", async (state) => {
    const token = await createProof(env, subject);
    const { status, wakes } = await deliver({ "x-goog-channel-token": token, "x-goog-resource-state": state });
    const wake = { reason: "webhook", connectionId: subject.connectionId, feedId: "" };
    expect([status, wakes]).toEqual([202, [{ userId: subject.userId, wake, requestId: expect.any(String) }]]);
  });

  it("that only says that the channel is open wakes nobody", async () => {
    const token = await createProof(env, subject);
    expect(await deliver({ "x-goog-channel-token": token, "x-goog-resource-state": "sync" })).toEqual({ status: 202, wakes: [] });
  });

  it("without a token of ours is answered as any other, and forgotten", async () => {
    const token = await createProof(env, subject);
    const forged = token.replace(subject.userId, randomId());
    expect(await deliver({ "x-goog-channel-token": forged, "x-goog-resource-state": "change" })).toEqual({ status: 202, wakes: [] });
    expect(await deliver({ "x-goog-resource-state": "change" })).toEqual({ status: 202, wakes: [] });
  });

  it("that is too large is refused", async () => {
    const response = await call("/webhooks/google", { json: "x".repeat(20_000) });
    expect([response.status, await errorCode(response)]).toEqual([413, "request.body_too_large"]);
  });
});
