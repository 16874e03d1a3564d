import { createMessageBatch, createExecutionContext, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Wake } from "../../durable-objects/rpc.ts";
import { distinctWakes } from "../../worker/webhooks/dead.ts";
import { consumeDead, consumeWakes } from "../../worker/webhooks/wakes.ts";
import type { WakeMessage } from "../../worker/webhooks/wake-message.ts";

interface Seen {
  wakes: [string, Wake][];
  returned: [string, string[]][];
}

/** Objects that note what they are told; those of the named users break. */
function objects(broken: string[] = []): { env: Env; seen: Seen } {
  const seen: Seen = { wakes: [], returned: [] };
  const getByName = (userId: string) => ({
    wake: async (wake: Wake) => {
      if (broken.includes(userId)) throw new Error("The object is away.");
      seen.wakes.push([userId, wake]);
    },
    returnJobs: async (jobIds: string[]) => {
      seen.returned.push([userId, jobIds]);
    },
  });
  return { env: { ...env, USER_SYNC: { getByName } as unknown as Env["USER_SYNC"] }, seen };
}

function batchOf<T>(queue: string, bodies: T[]): MessageBatch<T> {
  return createMessageBatch<T>(
    queue,
    bodies.map((body, n) => ({ id: `m${n}`, timestamp: new Date(), attempts: 1, body })),
  );
}

const schedule = (userId: string): WakeMessage => ({ userId, wake: { reason: "schedule" }, requestId: "r" });

describe("a batch of wakes", () => {
  it("reaches each user's object once per different wake", async () => {
    const { env: bindings, seen } = objects();
    const webhook: WakeMessage = { userId: "a", wake: { reason: "webhook", connectionId: "c", feedId: "" }, requestId: "r" };
    const batch = batchOf("tidemark-wakes", [schedule("a"), schedule("a"), webhook, schedule("b")]);
    await consumeWakes(batch, bindings);
    expect(seen.wakes.filter(([user]) => user === "a").map(([, wake]) => wake.reason)).toEqual(["schedule", "webhook"]);
    expect(seen.wakes.filter(([user]) => user === "b")).toHaveLength(1);
    expect((await getQueueResult(batch, createExecutionContext())).explicitAcks).toHaveLength(4);
  });

  it("is retried for the user whose object is away, and for nobody else", async () => {
    const { env: bindings } = objects(["a"]);
    const batch = batchOf("tidemark-wakes", [schedule("a"), schedule("b")]);
    await consumeWakes(batch, bindings);
    const result = await getQueueResult(batch, createExecutionContext());
    expect(result.explicitAcks).toEqual(["m1"]);
    expect(result.retryMessages).toMatchObject([{ msgId: "m0" }]);
  });
});

describe("dead messages", () => {
  it("go back to their users: jobs to the ledger, wakes as wakes", async () => {
    const { env: bindings, seen } = objects();
    const batch = batchOf("tidemark-dead", [
      { userId: "a", jobId: "j1" },
      { userId: "a", jobId: "j2" },
      { userId: "b", jobId: "j3" },
      schedule("a"),
    ]);
    await consumeDead(batch, bindings);
    expect(seen.returned.toSorted()).toEqual([
      ["a", ["j1", "j2"]],
      ["b", ["j3"]],
    ]);
    expect(seen.wakes).toEqual([["a", { reason: "schedule" }]]);
    expect((await getQueueResult(batch, createExecutionContext())).explicitAcks).toHaveLength(4);
  });
});

describe("wakes are the same", () => {
  it("when they say the same, in whatever order", () => {
    const one: Wake = { reason: "webhook", connectionId: "c", feedId: "f" };
    const other: Wake = { feedId: "f", connectionId: "c", reason: "webhook" };
    expect(distinctWakes([one, other, { ...one, feedId: "g" }])).toEqual([other, { ...one, feedId: "g" }]);
  });
});
