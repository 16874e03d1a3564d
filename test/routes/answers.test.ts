import { beforeAll, expect, it } from "vitest";
import type { z } from "zod";
import { encodeItemId } from "../../worker/item-id.ts";
import type { Operation } from "../../worker/routes/operations.ts";
import { NAMED_SHAPES, OPERATIONS } from "../../worker/routes/operations.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, settled } from "../support/memory-user.ts";
import { call, callJson } from "./client.ts";
import { seedIdentity, seedSession } from "./seed.ts";

// What each route really answers, against what the document says of it. It is asked by somebody who may see everything.

const ISSUER = "https://issuer.example/v2.0";
const SUBJECT = "answers";

let user: MemoryUser;
let cookie: string;
let itemId: string;
let removedIds: string[];
let runId: string;
let webhookId: string;

beforeAll(async () => {
  user = await createMemoryUser((drive) => {
    drive.put("/docs/a.txt", "first");
    drive.put("/docs/b.txt", "removed");
    drive.put("/docs/c.txt", "removed too");
  });
  await seedIdentity(user.userId, { issuer: ISSUER, subject: SUBJECT });
  cookie = await seedSession(user.userId);
  await settled(user);
  itemId = encodeItemId(user.syncId, user.drive.item("/docs/a.txt").id);
  removedIds = ["/docs/b.txt", "/docs/c.txt"].map((path) => encodeItemId(user.syncId, user.drive.item(path).id));
  user.drive.put("/docs/a.txt", "second");
  user.drive.delete("/docs/b.txt");
  user.drive.delete("/docs/c.txt");
  await call(`/api/v1/syncs/${user.syncId}/run`, { cookie, json: {} });
  await settled(user);
  const runs = await callJson<{ items: { id: string }[] }>(`/api/v1/syncs/${user.syncId}/runs`, { cookie });
  runId = runs.items[0]?.id ?? "";
  const webhook = { url: "https://receiver.example/answers", events: ["run.completed"] };
  webhookId = (await callJson<{ id: string }>("/api/v1/webhooks", { cookie, json: webhook })).id;
});

function idFor(path: string): string {
  if (path === "/items/{id}/restore") return removedIds[0] ?? "";
  if (path.startsWith("/webhooks")) return webhookId;
  if (path.startsWith("/admin/users")) return user.userId;
  if (path.startsWith("/items")) return itemId;
  if (path.startsWith("/runs")) return runId;
  return path.startsWith("/connections") ? user.connectionId : user.syncId;
}

function bodyFor(path: string): object {
  if (path === "/syncs/preview") return { connectionId: user.connectionId };
  return path === "/items/restore" ? { ids: removedIds.slice(1) } : {};
}

function ask({ method, path, body }: Operation): Promise<Response> {
  const address = `/api/v1${path.replace("{id}", idFor(path)).replace("{number}", "1")}${path === "/search" ? "?q=a" : ""}`;
  const settings = { ADMIN_SUBJECTS: `${ISSUER} ${SUBJECT}` };
  return call(address, { method: method.toUpperCase(), cookie, env: settings, ...(body && { json: bodyFor(path) }) });
}

/** Everything that is there is told, and everything that is told is there. */
function expectShape(schema: z.ZodType, value: unknown): void {
  expect(schema.parse(value)).toEqual(value);
}

// What needs another state, or takes away what the others need, is tested on its own.
const ASKED = OPERATIONS.filter(({ method, path }) => method === "get" || /(preview|pause|resume|run|verify|test|restore)$/.test(path));
const JSON_ONES = ASKED.filter(({ answer }) => answer !== null && !("mediaType" in answer));

it.each(JSON_ONES)("$method $path answers what the document says", async (operation) => {
  const response = await ask(operation);
  const answer: unknown = await response.json();
  expect([response.status, answer]).toEqual([operation.status ?? 200, answer]);
  const told = operation.answer;
  if (told && "shape" in told) expectShape(NAMED_SHAPES[told.shape], answer);
  if (told && "schema" in told) expectShape(told.schema, answer);
  if (told && "listOf" in told) {
    const { items, cursor } = answer as { items: unknown[]; cursor: string | null };
    expect(cursor === null || typeof cursor === "string").toBe(true);
    for (const item of items) expectShape(NAMED_SHAPES[told.listOf], item);
  }
});

it.each(["/items/{id}/content", "/items/{id}/versions/{number}/content", "/syncs/{id}/listing"])(
  "%s answers bytes of its kind",
  async (path) => {
    const operation = OPERATIONS.find((each) => each.path === path);
    if (!operation) throw new Error("There is no such operation.");
    const response = await ask(operation);
    expect(response.status).toBe(200);
    expect((await response.text()).length).toBeGreaterThan(0);
  },
);
