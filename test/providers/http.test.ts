import { expect, test } from "vitest";
import { ProviderError } from "../../worker/providers/errors.ts";
import { budgetOf, readJson, readText, requestAuthorised, retryAfterSeconds } from "../../worker/providers/http.ts";
import type { ProviderContext, RequestBudget } from "../../worker/providers/provider.ts";

const NOW = Date.UTC(2026, 10, 20, 12);

test.each([
  [{}, undefined],
  [{ "Retry-After": "17" }, 17],
  [{ "Retry-After": "0.5" }, 1],
  [{ "Retry-After": "Fri, 20 Nov 2026 12:01:30 GMT" }, 90],
  [{ "Retry-After": "Fri, 20 Nov 2026 11:00:00 GMT" }, 0],
  [{ "Retry-After": "soon" }, undefined],
  [{ "RateLimit-Reset": "31" }, 31],
  [{ "Retry-After": "10", "RateLimit-Reset": "31" }, 31],
  [{ "Retry-After": "40", "RateLimit-Reset": "31" }, 40],
  [{ "Retry-After": "99999999999" }, 99_999_999_999],
  [{ "x-ms-retry-after-ms": "1500" }, 2],
  [{ "retry-after-ms": "900", "Retry-After": "3" }, 3],
])("an answer with %j asks to wait %s seconds", (headers, seconds) => {
  expect(retryAfterSeconds(new Headers(headers as Record<string, string>), NOW)).toBe(seconds);
});

test("a body beyond reason is refused before it is read to its end", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1_000).fill(97 + (pulled++ % 2))),
  });
  await expect(readText(new Response(endless), 10_000)).rejects.toMatchObject({ kind: "fatal" });
  expect(pulled).toBeLessThan(20);
});

test("text is decoded across chunks", async () => {
  const bytes = new TextEncoder().encode("文件 🌊");
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => (bytes.forEach((byte) => controller.enqueue(Uint8Array.of(byte))), controller.close()),
  });
  expect(await readText(new Response(body), 100)).toBe("文件 🌊");
});

test("what is no JSON is a passing fault", async () => {
  await expect(readJson(new Response("<html>"))).rejects.toMatchObject({ kind: "transient" });
});

test("a token that is refused is renewed once, and requests name the program", async () => {
  const seen: Request[] = [];
  const tokens: (boolean | undefined)[] = [];
  const context = {
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      seen.push(new Request(input, init));
      return new Response(null, { status: 401 });
    },
    now: () => NOW,
    accessToken: async (options?: { renew?: boolean }) => (tokens.push(options?.renew), `token-${tokens.length}`),
  };
  const response = await requestAuthorised(context, "https://graph.microsoft.com/v1.0/me", { method: "POST", json: { a: 1 } });
  expect(response.status).toBe(401);
  expect(tokens).toEqual([undefined, true]);
  expect(seen.map((request) => request.headers.get("Authorization"))).toEqual(["Bearer token-1", "Bearer token-2"]);
  expect(seen[0]?.headers.get("User-Agent")).toBe("NONISV|Tidemark|Tidemark/1.0");
  expect(seen[0]?.headers.get("client-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(await seen[1]?.json()).toEqual({ a: 1 });
});

test.each([
  [{}, null],
  [
    { "RateLimit-Limit": "1200", "RateLimit-Remaining": "120", "RateLimit-Reset": "5" },
    { limit: 1200, remaining: 120, resetSeconds: 5 },
  ],
  [
    { "RateLimit-Limit": "10, 10;w=1", "RateLimit-Remaining": "9", "RateLimit-Reset": "1" },
    { limit: 10, remaining: 9, resetSeconds: 1 },
  ],
  [
    { "RateLimit-Limit": "10", "RateLimit-Remaining": "99", "RateLimit-Reset": "1" },
    { limit: 10, remaining: 10, resetSeconds: 1 },
  ],
  [{ "RateLimit-Limit": "10", "RateLimit-Remaining": "9" }, null],
  [{ "RateLimit-Limit": "0", "RateLimit-Remaining": "0", "RateLimit-Reset": "1" }, null],
  [{ "RateLimit-Limit": "many", "RateLimit-Remaining": "-1", "RateLimit-Reset": "soon" }, null],
])("an answer with %j tells of the allowance %j", (headers, budget) => {
  expect(budgetOf(new Headers(headers as Record<string, string>))).toEqual(budget);
});

test("each answer's allowance is told of, and a request that may not be sent is not", async () => {
  const sent: string[] = [];
  const budgets: RequestBudget[] = [];
  const context: ProviderContext = {
    fetch: async (input) => {
      sent.push(new Request(input).url);
      return new Response(null, { headers: { "RateLimit-Limit": "10", "RateLimit-Remaining": "0", "RateLimit-Reset": "7" } });
    },
    now: () => NOW,
    accessToken: async () => "token",
    onRequest: () => {
      if (budgets.length > 0) throw new ProviderError("throttled", "Not now.");
    },
    onBudget: (budget) => budgets.push(budget),
  };
  await requestAuthorised(context, "https://graph.microsoft.com/v1.0/me");
  expect(budgets).toEqual([{ limit: 10, remaining: 0, resetSeconds: 7 }]);
  await expect(requestAuthorised(context, "https://graph.microsoft.com/v1.0/me")).rejects.toMatchObject({ kind: "throttled" });
  expect(sent).toHaveLength(1);
});
