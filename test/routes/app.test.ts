import { beforeAll, describe, expect, it } from "vitest";
import { call, errorCode } from "./client.ts";
import { seedSession, seedUser } from "./seed.ts";

let cookie: string;
beforeAll(async () => {
  cookie = await seedSession(await seedUser());
});

/** The build's static files, with nothing but the fallback page. */
const ASSETS = {
  fetch: async (input: URL) =>
    input.pathname === "/fallback"
      ? new Response("<title>UI</title>", { headers: { "content-type": "text/html" } })
      : new Response(null, { status: 404 }),
} as unknown as Fetcher;

describe("every answer", () => {
  it("names its request, by the platform's id where there is one", async () => {
    const own = await call("/api/v1/me");
    expect(own.headers.get("x-request-id")).toMatch(/^[a-z2-7]{16}$/);
    const { error } = await own.json<{ error: { requestId: string } }>();
    expect(error.requestId).toBe(own.headers.get("x-request-id"));
    const rayed = await call("/api/v1/me", { headers: { "cf-ray": "8f1e2d3c4b5a6978-FRA" } });
    expect(rayed.headers.get("x-request-id")).toBe("8f1e2d3c4b5a6978-FRA");
    const forged = await call("/api/v1/me", { headers: { "cf-ray": "x\tforged" } });
    expect(forged.headers.get("x-request-id")).not.toContain("forged");
  });

  it("keeps browsers from guessing, framing and leaking", async () => {
    const { headers } = await call("/api/v1/me", { cookie });
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "same-origin",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cache-control": "no-store",
    });
  });
});

describe("what is not there", () => {
  it.each(["/api/v1/nothing", "/api", "/webhooks/nothing", "/health/x"])("%s is said in JSON", async (path) => {
    const response = await call(path, { cookie });
    expect([response.status, await errorCode(response)]).toEqual([404, "request.not_found"]);
  });

  it("below /auth is said on a page", async () => {
    const response = await call("/auth/nothing");
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining("There is nothing here")]);
  });

  it.each([
    { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" },
    { "sec-fetch-mode": "cors", accept: "*/*" },
  ])("but is a deep link gets the UI, from a browser and from a program's fetch (%j)", async (headers) => {
    const response = await call("/app/syncs/abc", { headers, env: { ASSETS } });
    expect([response.status, await response.text()]).toEqual([200, "<title>UI</title>"]);
    expect(response.headers.get("content-security-policy")).toBe("frame-ancestors 'none'");
  });

  it.each([{ "sec-fetch-dest": "image", "sec-fetch-mode": "no-cors" }, { accept: "image/png" }])(
    "and is asked for by a page (%j) is a 404",
    async (headers) => {
      expect((await call("/logo.png", { headers, env: { ASSETS } })).status).toBe(404);
    },
  );

  it("is not made by posting to it", async () => {
    expect((await call("/app", { method: "POST", headers: { accept: "text/html" }, env: { ASSETS } })).status).toBe(404);
  });
});

describe("a body", () => {
  it("that is no JSON is refused", async () => {
    const response = await call("/api/v1/syncs", { method: "POST", cookie, body: "{", headers: { "content-type": "application/json" } });
    expect([response.status, await errorCode(response)]).toEqual([400, "request.invalid"]);
  });

  it("that is too large is refused", async () => {
    const response = await call("/api/v1/syncs", { cookie, json: { name: "x".repeat(70_000) } });
    expect([response.status, await errorCode(response)]).toEqual([413, "request.body_too_large"]);
  });

  it.each([
    [{}, "connectionId"],
    [{ connectionId: "x", schedule: { kind: "interval", minutes: 1 } }, "schedule.minutes"],
    [{ connectionId: "x", mode: "everything" }, "mode"],
    [{ connectionId: "x", nothing: 1 }, "nothing"],
  ])("%j is refused, and the field named", async (json, field) => {
    const response = await call("/api/v1/syncs", { cookie, json });
    expect(await response.json()).toMatchObject({ error: { code: "request.invalid", message: expect.stringContaining(field) } });
  });
});

describe("GET /health", () => {
  it("says that everything answers", async () => {
    const response = await call("/health");
    expect([response.status, await response.json()]).toEqual([
      200,
      { status: "ok", checks: { database: "ok", storage: "ok", objects: "ok" } },
    ]);
  });

  it("says what does not, and no more", async () => {
    const CONTENT = { head: () => Promise.reject(new Error("secret detail")) } as unknown as R2Bucket;
    const response = await call("/health", { env: { CONTENT } });
    const text = await response.text();
    expect([response.status, text]).toEqual([503, expect.stringContaining('"storage":"failing"')]);
    expect(text).not.toContain("secret detail");
  });
});
