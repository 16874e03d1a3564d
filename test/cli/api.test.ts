import type { RequestListener, Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { createApi } from "../../cli/api.ts";

// What answers is not always Tidemark.

let server: Server | undefined;

afterEach(() => server?.close());

async function answering(listener: RequestListener) {
  server = createServer(listener);
  await new Promise<void>((listening) => server?.listen(0, "127.0.0.1", listening));
  return createApi({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: "tdm_x" });
}

it("what only asks is asked again after a hiccup; what changes something is not", async () => {
  const asked: string[] = [];
  const api = await answering((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.statusCode = asked.length === 1 ? 503 : 200;
    response.end(
      JSON.stringify(asked.length === 1 ? { error: { code: "x.y", message: "Not now.", requestId: "1" } } : { items: [], cursor: null }),
    );
  });
  expect(await api.syncs()).toEqual([]);
  expect(asked).toEqual(Array.from({ length: 2 }, () => "GET /api/v1/syncs Bearer tdm_x"));
  asked.length = 0;
  await expect(api.deleteSync("a")).rejects.toMatchObject({ code: "x.y", message: "Not now.", status: 503 });
  expect(asked).toHaveLength(1);
});

it("a list is read to its end", async () => {
  const api = await answering((request, response) => {
    const first = request.url === "/api/v1/syncs";
    response.end(JSON.stringify({ items: [request.url], cursor: first ? "a/b" : null }));
  });
  expect(await api.syncs()).toEqual(["/api/v1/syncs", "/api/v1/syncs?cursor=a%2Fb"]);
});

it("a token is not sent on to another address", async () => {
  const asked: (string | undefined)[] = [];
  const api = await answering((request, response) => {
    asked.push(request.url);
    response.writeHead(302, { location: "/elsewhere" }).end();
  });
  await expect(api.me()).rejects.toMatchObject({
    code: "client.moved",
    message: expect.stringContaining("sends on to /elsewhere") as string,
  });
  expect(asked).toEqual(["/api/v1/me"]);
});

it.each<[string, number, string]>([
  ["a page of somebody else's", 200, "<html>"],
  ["a proxy's error", 404, "not here"],
  ["an error of another shape", 400, '{"error":"no"}'],
  ["a list of another shape", 200, "[]"],
])("%s is said to be no answer of Tidemark's", async (_, status, body) => {
  const api = await answering((_request, response) => void response.writeHead(status).end(body));
  await expect(api.syncs()).rejects.toMatchObject({ code: "client.unreadable" });
});

it("nobody at all is said so", async () => {
  const api = await answering(() => undefined);
  server?.close();
  await expect(api.deleteSync("a")).rejects.toMatchObject({ code: "client.unreachable", status: 0 });
});
