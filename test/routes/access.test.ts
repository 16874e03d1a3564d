import { beforeAll, describe, expect, it } from "vitest";
import { randomId, timeId } from "../../worker/ids.ts";
import { encodeItemId } from "../../worker/item-id.ts";
import { OPERATIONS } from "../../worker/routes/operations.ts";
import { call, errorCode } from "./client.ts";
import { seedConnection, seedItem, seedRoot, seedRun, seedSession, seedSync, seedToken, seedUser, seedWebhook } from "./seed.ts";

const connectionId = randomId();
const syncId = randomId();
const runId = timeId(Date.now());
const tokenId = timeId(Date.now());
const itemId = encodeItemId(syncId, "x");
const webhookId = randomId();

/** Every route of the API: method, path, body, and the code that another user's id gets. */
const ROUTES: [method: string, path: string, body: object | null, notFound: string | null][] = [
  ["GET", "/me", null, null],
  ["GET", "/status", null, null],
  ["GET", "/dashboard", null, null],
  ["GET", "/providers", null, null],
  ["GET", "/tokens", null, null],
  ["POST", "/tokens", { name: "Mine", scopes: ["read"] }, null],
  ["DELETE", `/tokens/${tokenId}`, null, "token.not_found"],
  ["GET", "/connections", null, null],
  ["POST", "/connections", { provider: "onedrive", connectionId }, "connection.not_found"],
  ["GET", `/connections/${connectionId}`, null, "connection.not_found"],
  ["PATCH", `/connections/${connectionId}`, { label: "Mine" }, "connection.not_found"],
  ["DELETE", `/connections/${connectionId}`, null, "connection.not_found"],
  ["POST", `/connections/${connectionId}/test`, null, "connection.not_found"],
  ["GET", `/connections/${connectionId}/browse`, null, "connection.not_found"],
  ["POST", `/connections/${connectionId}/refresh`, null, "connection.not_found"],
  ["GET", "/syncs", null, null],
  ["POST", "/syncs", { connectionId }, "connection.not_found"],
  ["POST", "/syncs/run", null, null],
  ["POST", "/syncs/preview", { connectionId }, "connection.not_found"],
  ["POST", `/syncs/${syncId}/preview`, null, "sync.not_found"],
  ["GET", `/syncs/${syncId}`, null, "sync.not_found"],
  ["PATCH", `/syncs/${syncId}`, { name: "Mine" }, "sync.not_found"],
  ["DELETE", `/syncs/${syncId}`, null, "sync.not_found"],
  ["POST", `/syncs/${syncId}/run`, null, "sync.not_found"],
  ["POST", `/syncs/${syncId}/run`, { full: true }, "sync.not_found"],
  ["POST", `/syncs/${syncId}/verify`, { content: "all" }, "sync.not_found"],
  ["POST", `/syncs/${syncId}/pause`, null, "sync.not_found"],
  ["POST", `/syncs/${syncId}/resume`, null, "sync.not_found"],
  ["POST", `/syncs/${syncId}/cancel`, null, "sync.not_found"],
  ["POST", `/syncs/${syncId}/confirm-changes`, null, "sync.not_found"],
  ["GET", `/syncs/${syncId}/status`, null, "sync.not_found"],
  ["GET", `/syncs/${syncId}/runs`, null, "sync.not_found"],
  ["GET", `/syncs/${syncId}/listing`, null, "sync.not_found"],
  ["GET", `/syncs/${syncId}/items`, null, "sync.not_found"],
  ["GET", `/runs/${runId}`, null, "run.not_found"],
  ["GET", `/runs/${runId}/files`, null, "run.not_found"],
  ["GET", `/runs/${runId}/receipt`, null, "run.not_found"],
  ["GET", `/runs/${runId}/logs`, null, "run.not_found"],
  ["GET", `/runs/${runId}/held`, null, "run.not_found"],
  ["POST", `/runs/${runId}/approve`, null, "run.not_found"],
  ["POST", `/runs/${runId}/discard`, { folders: [itemId] }, "run.not_found"],
  ["POST", `/runs/${runId}/retry`, null, "run.not_found"],
  ["GET", `/items/${itemId}`, null, "item.not_found"],
  ["GET", `/items/${itemId}/explain`, null, "item.not_found"],
  ["GET", `/items/${itemId}/content`, null, "item.not_found"],
  ["GET", `/syncs/${syncId}/selection`, null, "sync.not_found"],
  ["GET", `/syncs/${syncId}/trash`, null, "sync.not_found"],
  ["GET", `/syncs/${syncId}/items/count`, null, "sync.not_found"],
  ["GET", `/items/${itemId}/versions`, null, "item.not_found"],
  ["GET", `/items/${itemId}/versions/1/content`, null, "item.not_found"],
  ["POST", `/items/${itemId}/versions/1/restore`, null, "item.not_found"],
  ["POST", `/items/${itemId}/restore`, null, "item.not_found"],
  ["GET", "/changes", null, null],
  ["GET", "/changes/stream", null, null],
  ["GET", "/events", null, null],

  ["GET", "/search?q=x", null, null],
  ["GET", `/search?q=x&sync=${syncId}`, null, "sync.not_found"],
  ["POST", "/items/restore", { ids: [itemId] }, null],
  ["POST", "/items/retry", { ids: [itemId] }, null],
  ["GET", `/items/${itemId}/zip`, null, "item.not_found"],
  ["POST", "/items/zip", { ids: [itemId] }, "item.not_found"],
  ["GET", `/items/${itemId}/preview`, null, "item.not_found"],
  ["GET", "/changes/recent", null, null],
  ["GET", `/changes/recent?sync=${syncId}`, null, "sync.not_found"],
  ["GET", `/syncs/${syncId}/failures`, null, "sync.not_found"],
  ["POST", `/syncs/${syncId}/failures/retry`, { reason: "transient" }, "sync.not_found"],
  ["GET", "/storage", null, null],
  ["GET", `/storage?sync=${syncId}`, null, "sync.not_found"],
  ["GET", "/webhooks", null, null],
  ["POST", "/webhooks", { url: "https://hooks.test/", events: ["run.held"] }, null],
  ["GET", `/webhooks/${webhookId}`, null, "webhook.not_found"],
  ["PATCH", `/webhooks/${webhookId}`, { enabled: false }, "webhook.not_found"],
  ["DELETE", `/webhooks/${webhookId}`, null, "webhook.not_found"],
  ["POST", `/webhooks/${webhookId}/test`, null, "webhook.not_found"],
  ["POST", `/webhooks/${webhookId}/rotate-secret`, null, "webhook.not_found"],
  ["GET", `/webhooks/${webhookId}/deliveries`, null, "webhook.not_found"],
  ["POST", `/webhooks/${webhookId}/deliveries/${runId}/redeliver`, null, "webhook.not_found"],
  ["GET", "/notifications", null, null],
  ["PATCH", "/notifications", { kinds: { held: false } }, null],

  // Administrators': a stranger gets 403 of all of them.
  ["GET", "/admin/status", null, null],
  ["GET", "/admin/users", null, null],
  ["GET", `/admin/users/${connectionId}`, null, null],
  ["PATCH", `/admin/users/${connectionId}`, { quota: {} }, null],
  ["POST", `/admin/users/${connectionId}/run`, null, null],
  ["GET", "/admin/dead-letters", null, null],
  ["POST", "/admin/dead-letters/redrive", null, null],

  ["GET", "/sessions", null, null],
  ["DELETE", "/sessions", null, null],
  ["DELETE", `/sessions/${tokenId}`, null, "session.not_found"],
  ["GET", "/identities", null, null],
  ["DELETE", `/identities/${tokenId}`, null, "identity.not_found"],
  ["GET", "/audit", null, null],
  ["GET", "/me/export", null, null],
  ["DELETE", "/me", { confirm: "somebody else" }, null],
];
const title = ROUTES.map(([method, path, body, notFound]) => ({
  title: `${method} ${path.replace(/[a-z0-9]{16,}[\w.-]*/, "{id}")}`,
  method,
  path,
  body,
  notFound,
}));

let stranger: string;

beforeAll(async () => {
  const owner = await seedUser();
  await seedConnection(owner, { id: connectionId });
  await seedSync({ userId: owner, id: syncId, connectionId });
  await seedToken({ userId: owner, id: tokenId });
  await seedRoot(syncId);
  await seedItem({ syncId, remoteId: "x" });
  await seedRun({ userId: owner, syncId, id: runId });
  await seedWebhook({ userId: owner, id: webhookId });
  stranger = await seedSession(await seedUser());
});

const send = (route: (typeof title)[number], options: { cookie?: string; headers?: Record<string, string> }) =>
  call(`/api/v1${route.path}`, { method: route.method, ...(route.body ? { json: route.body } : {}), ...options });

it("every route of the API is asked", () => {
  const asked = ROUTES.map(([method, path]) => [method, path.replace(/\?.*/, "")] as const);
  const isAsked = (method: string, path: string) => {
    const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
    return asked.some(([askedMethod, askedPath]) => askedMethod.toLowerCase() === method && pattern.test(askedPath));
  };
  expect(OPERATIONS.filter(({ method, path }) => !isAsked(method, path))).toEqual([]);
});

describe("without a session", () => {
  it.each(title)("$title asks to sign in", async (route) => {
    const response = await send(route, {});
    expect([response.status, await errorCode(response)]).toEqual([401, "auth.required"]);
  });

  it("an expired one counts as none", async () => {
    const cookie = await seedSession(await seedUser(), { expiresAt: Date.now() - 1 });
    expect((await call("/api/v1/me", { cookie })).status).toBe(401);
  });

  it("a made-up one counts as none", async () => {
    expect((await call("/api/v1/me", { cookie: `__Host-tidemark=${"x".repeat(43)}` })).status).toBe(401);
  });
});

describe("with another user's ids", () => {
  it.each(title.filter(({ notFound }) => notFound !== null))("$title finds nothing", async (route) => {
    const response = await send(route, { cookie: stranger });
    expect([response.status, await errorCode(response)]).toEqual([404, route.notFound]);
  });
});

describe("from another site's page", () => {
  const unsafe = title.filter(({ method }) => method !== "GET");

  it.each(unsafe)("$title is refused", async (route) => {
    const response = await send(route, { cookie: stranger, headers: { origin: "https://evil.example" } });
    expect([response.status, await errorCode(response)]).toEqual([403, "auth.foreign_origin"]);
  });

  it.each([
    [{ origin: "null" }, 403],
    [{ origin: "https://tidemark.example.evil.example" }, 403],
    [{ origin: "https://tidemark.example" }, 202],
  ])("%j gets %i", async (headers, status) => {
    expect((await call("/api/v1/syncs/run", { method: "POST", cookie: stranger, headers })).status).toBe(status);
  });
});
