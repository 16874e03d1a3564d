import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { randomId } from "../../worker/ids.ts";
import { createProof } from "../../worker/webhooks/proof.ts";
import type { WakeMessage } from "../../worker/webhooks/wake-message.ts";
import { call, errorCode } from "../routes/client.ts";
import { recordingQueue } from "./recording-queue.ts";

const subject = { userId: randomId(), connectionId: randomId() };

async function deliver(value: unknown): Promise<{ status: number; wakes: WakeMessage[]; batches: number }> {
  const queue = recordingQueue<WakeMessage>();
  const response = await call("/webhooks/microsoft", {
    json: value,
    env: { WAKES: queue.queue },
    headers: { origin: "https://elsewhere.example" },
  });
  return { status: response.status, wakes: queue.messages(), batches: queue.batches() };
}

describe("the handshake", () => {
  it("gives the token back, decoded, as plain text", async () => {
    const token = "Validation: Testing client application reachability for subscription Request-Id: 877c <b>";
    const response = await call(`/webhooks/microsoft?validationToken=${encodeURIComponent(token).replaceAll("%20", "+")}`, {
      method: "POST",
    });
    expect([response.status, await response.text()]).toEqual([200, token]);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });
});

describe("notifications", () => {
  it("that prove to be ours wake their user for the drive they name", async () => {
    const clientState = await createProof(env, subject);
    const { status, wakes } = await deliver({ value: [{ clientState, resource: "drives/b!abc/root", changeType: "updated" }] });
    expect(status).toBe(202);
    expect(wakes).toEqual([
      {
        userId: subject.userId,
        wake: { reason: "webhook", connectionId: subject.connectionId, feedId: "b!abc" },
        requestId: expect.any(String),
      },
    ]);
  });

  it("of which there is a burst become one wake per user and connection, in one batch", async () => {
    const other = { userId: randomId(), connectionId: randomId() };
    const states = [await createProof(env, subject), await createProof(env, other)];
    const value = Array.from({ length: 200 }, (_, n) => ({ clientState: states[n % 2], resource: "me/drive/root" }));
    const { wakes, batches } = await deliver({ value });
    expect(wakes.map((message) => message.userId).toSorted()).toEqual([subject.userId, other.userId].toSorted());
    expect(batches).toBe(1);
  });

  it("whose proof is wrong or missing are answered the same and wake nobody", async () => {
    const good = await createProof(env, subject);
    const forged = good.replace(subject.userId, randomId());
    const { status, wakes } = await deliver({
      value: [{ clientState: forged }, { resource: "x" }, { clientState: 7 }, null, { clientState: good }],
    });
    expect(status).toBe(202);
    expect(wakes).toHaveLength(1);
  });

  it.each([
    ["reauthorizationRequired", "reauthorize"],
    ["subscriptionRemoved", "removed"],
    ["missed", "missed"],
    ["somethingNew", "missed"],
  ])("of the lifecycle event %s say %s", async (lifecycleEvent, event) => {
    const clientState = await createProof(env, subject);
    const { wakes } = await deliver({ value: [{ clientState, lifecycleEvent }] });
    expect(wakes[0]?.wake).toEqual({ reason: "subscription", connectionId: subject.connectionId, feedId: "", event });
  });

  it.each([[null], [{}], [{ value: "x" }], ["text"]])("that make no sense (%j) are answered and forgotten", async (body) => {
    expect(await deliver(body)).toEqual({ status: 202, wakes: [], batches: 0 });
  });

  it("that are too large are refused", async () => {
    const response = await call("/webhooks/microsoft", { json: { value: ["x".repeat(300_000)] } });
    expect([response.status, await errorCode(response)]).toEqual([413, "request.body_too_large"]);
  });
});
