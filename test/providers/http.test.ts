import { expect, test } from "vitest";
import { readJson, readText, requestAuthorised, retryAfterSeconds } from "../../worker/providers/http.ts";

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
