import { describe, expect, it } from "vitest";
import { createApp } from "../../worker/app.ts";
import { ERROR_STATUS } from "../../worker/errors.ts";
import { OPERATIONS } from "../../worker/routes/operations.ts";
import { call, callJson } from "./client.ts";

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { requestBody?: unknown; security: object[]; parameters: { name: string }[]; responses: object }>>;
  components: { schemas: Record<string, object> };
}

describe("the API's document", () => {
  it("has every route, and no other", () => {
    const routes = createApp().routes.filter(({ method, path }) => method !== "ALL" && path.startsWith("/api/v1/"));
    const served = new Set(routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`));
    const told = new Set(OPERATIONS.map(({ method, path }) => `${method.toUpperCase()} /api/v1${path}`));
    expect([...told].toSorted()).toEqual([...served].toSorted());
  });

  it("says what goes in and what comes out", async () => {
    const document = await callJson<Document>("/api/openapi.json");
    expect(document.openapi).toBe("3.1.0");
    expect(document.paths["/api/v1/syncs/{id}/items"]?.["get"]?.parameters.map(({ name }) => name)).toEqual([
      "id",
      "limit",
      "cursor",
      "parent",
      "state",
      "sort",
      "order",
      "skip",
    ]);
    expect(document.paths["/api/v1/syncs"]?.["post"]?.requestBody).toMatchObject({
      content: { "application/json": { schema: { required: ["connectionId"], properties: { mode: { enum: ["content", "metadata"] } } } } },
    });
    const references = JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g);
    for (const [, name = ""] of references) expect(document.components.schemas).toHaveProperty(name);
  });

  it("names every success that is not the usual one, and every code of an error", async () => {
    const document = await callJson<Document>("/api/openapi.json");
    const statuses = (path: string, method: string) => Object.keys(document.paths[`/api/v1${path}`]?.[method]?.responses ?? {});
    expect(statuses("/connections/{id}", "delete")).toEqual(["200", "204", "default"]);
    expect(statuses("/items/{id}/content", "get")).toEqual(["200", "206", "304", "default"]);
    expect(statuses("/items/{id}/versions/{number}/content", "get")).toEqual(["200", "206", "304", "default"]);
    const { Error: error } = document.components.schemas as { Error?: { properties: { error: { properties: { code: object } } } } };
    expect(error?.properties.error.properties.code).toMatchObject({ enum: Object.keys(ERROR_STATUS) });
  });

  it("says which scope a token needs for each route, and what no token may do", async () => {
    const { paths } = await callJson<Document>("/api/openapi.json");
    const scopes = (path: string, method: string) => paths[`/api/v1${path}`]?.[method]?.security;
    expect(scopes("/me", "get")).toEqual([{ session: [] }, { bearerAuth: ["read"] }]);
    expect(scopes("/syncs/{id}/run", "post")).toEqual([{ session: [] }, { bearerAuth: ["run"] }]);
    expect(scopes("/syncs/{id}", "patch")).toEqual([{ session: [] }, { bearerAuth: ["write"] }]);
    expect(scopes("/tokens", "post")).toEqual([{ session: [] }]);
  });

  it("is shown as a page that loads nothing, with every route, its scope and a call, and every link leading somewhere", async () => {
    const response = await call("/api/docs");
    const page = await response.text();
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.filter((id) => !ids.has(id))).toEqual([]);
    const articles = new Map(page.split("<article ").map((article) => [/^id="([^"]+)"/.exec(article)?.[1], article]));
    expect(
      OPERATIONS.filter(
        ({ method, path }) =>
          !articles.get(`${method}${path.replaceAll(/[{}]/g, "").replaceAll("/", "-")}`)?.includes(`/api/v1${path}</code>`),
      ),
    ).toEqual([]);
    const run = articles.get("post-syncs-id-run") ?? "";
    expect(run).toContain("scope <code>run</code>");
    expect(run).toContain('<a href="#Run">Run</a>');
    expect(run).toContain("curl --request POST \\\n  --header &quot;Authorization: Bearer $TOKEN&quot;");
    expect(articles.get("post-tokens")).toContain("for a browser only");
    expect(articles.get("post-tokens")).not.toContain("curl");
    const sync = articles.get("Sync") ?? "";
    expect(sync).toMatch(/<code>lastRun<\/code>.*?<a href="#Run">Run<\/a> or null/s);
    expect(page).not.toMatch(/<script|src=|<link|style="/);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  });
});
