import type { Wake } from "../../durable-objects/rpc.ts";
import { QuickXorHash } from "../../worker/content/quickxor.ts";
import shipped from "../../worker/index.ts";
import { countingEnv, throwContentsAway, whileCounted } from "./bindings.ts";
import type { UserSync as CountingUserSync } from "./object.ts";
import { snapshot } from "./tally.ts";

// The Worker as it ships, on bindings that count. The bench starts this in its place, with a configuration made from wrangler.toml.

export { UserSync } from "./object.ts";

const HASHED_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (!url.pathname.startsWith("/_bench/")) return shipped.fetch(request, countingEnv(env), ctx);
    switch (url.pathname) {
      case "/_bench/counts":
        return Response.json(snapshot());
      case "/_bench/due":
        return makeDue(env, url.searchParams.get("user") ?? "");
      case "/_bench/wake":
        return wake(env, (await request.json()) as WakeRequest);
      case "/_bench/sink":
        throwContentsAway();
        return new Response(null, { status: 204 });
      case "/_bench/hash":
        return Response.json(await hash(url.searchParams.get("with") ?? "", Number(url.searchParams.get("times"))));
      default:
        return new Response(null, { status: 404 });
    }
  },

  scheduled: (controller, env) => shipped.scheduled(controller, countingEnv(env)),

  queue: (batch, env) => whileCounted(batch, batch.queue.replace("tidemark-", ""), (counted) => shipped.queue(counted, countingEnv(env))),
} satisfies ExportedHandler<Env>;

interface WakeRequest {
  userId: string;
  wake: Wake;
}

/** What the consumer of wakes does with one. */
async function wake(env: Env, { userId, wake }: WakeRequest): Promise<Response> {
  await env.USER_SYNC.getByName(userId).wake(wake);
  return new Response(null, { status: 204 });
}

/** As if the interval of this user's syncs were over. */
async function makeDue(env: Env, userId: string): Promise<Response> {
  const object = env.USER_SYNC.getByName(userId) as unknown as DurableObjectStub<CountingUserSync>;
  await object.benchMakeDue();
  return new Response(null, { status: 204 });
}

/** Hashes 16 MiB so many times, in chunks as downloads bring them. The clock stands still meanwhile: the caller measures. */
async function hash(algorithm: string, times: number): Promise<{ bytes: number }> {
  const bytes = new Uint8Array(HASHED_BYTES).map((_byte, index) => index * 31);
  if (algorithm === "quickXorHash") {
    const quickXor = new QuickXorHash();
    for (let time = 0; time < times; time += 1) {
      for (let at = 0; at < HASHED_BYTES; at += CHUNK_BYTES) quickXor.update(bytes.subarray(at, at + CHUNK_BYTES));
    }
    quickXor.digest();
  } else {
    const stream = new crypto.DigestStream("SHA-256");
    const writer = stream.getWriter();
    for (let time = 0; time < times; time += 1) {
      for (let at = 0; at < HASHED_BYTES; at += CHUNK_BYTES) await writer.write(bytes.subarray(at, at + CHUNK_BYTES));
    }
    await writer.close();
    await stream.digest;
  }
  return { bytes: HASHED_BYTES * times };
}
