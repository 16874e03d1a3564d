import { beforeEach, describe, expect, it } from "vitest";
import { env } from "cloudflare:workers";
import { signLink } from "../../worker/notices/links.ts";
import type { Delivery, Webhook, WebhookSecret } from "../../worker/wire/webhooks.ts";
import type { Notifications } from "../../worker/wire/notifications.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedSession, seedUser } from "./seed.ts";

let userId: string;
let cookie: string;

beforeEach(async () => {
  userId = await seedUser();
  cookie = await seedSession(userId);
});

const ASKED = { url: "https://hooks.test/route", description: "My script", events: ["run.held", "run.failed"] };

function create(more: object = {}): Promise<WebhookSecret> {
  return callJson("/api/v1/webhooks", { cookie, json: { ...ASKED, ...more } });
}

async function refused(path: string, options: Parameters<typeof call>[1]): Promise<[number, string]> {
  const response = await call(`/api/v1${path}`, { cookie, ...options });
  return [response.status, await errorCode(response)];
}

describe("a webhook", () => {
  it("is made, and has its secret told once and kept sealed", async () => {
    const made = await create();
    expect(made).toMatchObject({
      ...ASKED,
      events: ["run.failed", "run.held"],
      enabled: true,
      disabledBecause: null,
      oldSecretUntil: null,
    });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const { secret, ...shown } = made;
    expect(await callJson(`/api/v1/webhooks/${made.id}`, { cookie })).toEqual(shown);
    const listed = await callJson<{ items: Webhook[] }>("/api/v1/webhooks", { cookie });
    expect(listed).toEqual({ items: [shown], cursor: null });
    expect(JSON.stringify(await callJson(`/api/v1/webhooks/${made.id}/deliveries`, { cookie }))).not.toContain(secret);
  });

  it.each([
    ["http://hooks.test/", "it is not https"],
    ["https://10.0.0.1/", "it is private"],
    ["https://[::ffff:127.0.0.1]/", "it is private, written otherwise"],
    ["https://localhost/", "it is this machine"],
    ["https://tidemark.example/api", "it is our own"],
    ["https://user:password@hooks.test/", "it has a password"],
  ])("at %s is refused, as %s", async (url) => {
    expect(await refused("/webhooks", { json: { ...ASKED, url } })).toEqual([422, "webhook.refused"]);
    const { id } = await create();
    expect(await refused(`/webhooks/${id}`, { method: "PATCH", json: { url } })).toEqual([422, "webhook.refused"]);
  });

  it("must want events that there are", async () => {
    expect(await refused("/webhooks", { json: { ...ASKED, events: [] } })).toEqual([400, "request.invalid"]);
    expect(await refused("/webhooks", { json: { ...ASKED, events: ["run.eaten"] } })).toEqual([400, "request.invalid"]);
  });

  it("is one of ten at most", async () => {
    for (let n = 0; n < 10; n += 1) await create();
    expect(await refused("/webhooks", { json: ASKED })).toEqual([409, "webhook.too_many"]);
  });

  it("is changed, switched off, and switched on again", async () => {
    const { id } = await create();
    const patch = (json: object) => callJson<Webhook>(`/api/v1/webhooks/${id}`, { cookie, method: "PATCH", json });
    expect(await patch({ description: "Other", events: ["changes"] })).toMatchObject({
      url: ASKED.url,
      description: "Other",
      events: ["changes"],
    });
    expect(await patch({ enabled: false })).toMatchObject({ enabled: false, disabledBecause: "person", description: "Other" });
    expect(await refused(`/webhooks/${id}/test`, { method: "POST" })).toEqual([409, "webhook.disabled"]);
    expect(await patch({ enabled: true })).toMatchObject({ enabled: true, disabledBecause: null });
  });

  it("is tested, and what was sent can be seen and sent again; what was never sent cannot", async () => {
    const { id } = await create();
    const { id: deliveryId, ...sent } = await callJson<Delivery>(`/api/v1/webhooks/${id}/test`, { cookie, method: "POST" });
    expect(sent).toMatchObject({ type: "webhook.test", status: "pending" });
    const { items } = await callJson<{ items: Delivery[] }>(`/api/v1/webhooks/${id}/deliveries?limit=1`, { cookie });
    expect(items).toMatchObject([{ id: deliveryId, eventId: sent.eventId }]);
    const again = await call(`/api/v1/webhooks/${id}/deliveries/${deliveryId}/redeliver`, { cookie, method: "POST" });
    expect(again.status).toBe(202);
    expect(await refused(`/webhooks/${id}/deliveries/unknown/redeliver`, { method: "POST" })).toEqual([404, "delivery.not_found"]);
  });

  it("gets another secret, and the old one is good for as long as is said", async () => {
    const { id, secret } = await create();
    const path = `/api/v1/webhooks/${id}/rotate-secret`;
    const rotated = await callJson<WebhookSecret>(path, { cookie, json: { oldSecretHours: 1 } });
    expect(rotated.secret).not.toBe(secret);
    expect(Date.parse(rotated.oldSecretUntil ?? "") - Date.now()).toBeLessThanOrEqual(3_600_000);
    expect((await callJson<WebhookSecret>(path, { cookie, json: { oldSecretHours: 0 } })).oldSecretUntil).toBeNull();
    expect(await refused(`/webhooks/${id}/rotate-secret`, { json: { oldSecretHours: 1000 } })).toEqual([400, "request.invalid"]);
  });

  it("is deleted", async () => {
    const { id } = await create();
    expect((await call(`/api/v1/webhooks/${id}`, { cookie, method: "DELETE" })).status).toBe(204);
    expect(await refused(`/webhooks/${id}`, {})).toEqual([404, "webhook.not_found"]);
  });
});

describe("notifications", () => {
  const asked = (options: Parameters<typeof call>[1] = {}) => callJson<Notifications>("/api/v1/notifications", { cookie, ...options });

  it("say where mail goes, and take what is wanted of it", async () => {
    const kinds = { reconnect: true, held: true, failing: true, quota: true, webhooks: true };
    expect((await asked()).mail).toEqual({ available: true, address: null, addressFrom: null, unconfirmed: null, kinds });
    await env.USER_SYNC.getByName(userId).addressVerified("alice@contoso.example");
    const { mail } = await asked({ method: "PATCH", json: { kinds: { held: false } } });
    expect(mail).toMatchObject({ address: "alice@contoso.example", addressFrom: "sign_in", kinds: { ...kinds, held: false } });
  });

  it("take no address that is none, nor one after another", async () => {
    expect(await refused("/notifications", { method: "PATCH", json: { address: "nobody" } })).toEqual([400, "request.invalid"]);
    for (let n = 0; n < 5; n += 1) await asked({ method: "PATCH", json: { address: `${n}@mail.example` } });
    expect(await refused("/notifications", { method: "PATCH", json: { address: "5@mail.example" } })).toEqual([
      429,
      "request.rate_limited",
    ]);
  });
});

describe("a link of a mail", () => {
  it("ends a kind of mail by one click of a mail program, and not when it is only looked at", async () => {
    const link = await signLink(env, "unsubscribe", { userId, subject: "held" });
    const wants = async () => (await callJson<Notifications>("/api/v1/notifications", { cookie })).mail.kinds.held;
    expect((await call(`/mail/unsubscribe/${link}`)).status).toBe(200);
    expect(await wants()).toBe(true);
    const click = { method: "POST", origin: null, body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }) };
    expect((await call(`/mail/unsubscribe/${link}`, click)).status).toBe(200);
    expect(await wants()).toBe(false);
  });

  it("confirms nothing where it is made up, for another purpose, or run out", async () => {
    const other = await signLink(env, "unsubscribe", { userId, subject: "held" });
    const unknown = await signLink(env, "confirm", { userId, subject: "nonce" });
    const [, owner, subject, key, mac] = unknown.split(".");
    const forged = ["confirm", await seedUser(), subject, key, mac].join(".");
    expect(owner).toBe(userId);
    const statusOf = async (link: string) => (await call(`/mail/confirm/${link}`, { method: "POST", origin: null })).status;
    expect([await statusOf(other), await statusOf(forged), await statusOf("x"), await statusOf(unknown)]).toEqual([404, 404, 404, 410]);
  });
});
