import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { app } from "../../worker/providers/autodesk/own-app.ts";
import { autodesk } from "../../worker/providers/autodesk/autodesk.ts";
import { toPkcs8 } from "../../worker/providers/autodesk/pkcs8.ts";
import { serviceAccount } from "../../worker/providers/autodesk/service-account.ts";
import { formProblem, tryForm } from "../../worker/providers/form.ts";
import { type Entry, type FormMethod, type FormValues, isSecret } from "../../worker/providers/provider.ts";
import { control } from "./control.ts";
import { applyRound } from "./contract.ts";
import { invite, newRobot } from "./sandbox-autodesk.ts";

const SECRET = "sandbox-secret";
const NOTIFICATIONS = "https://tidemark.example/webhooks/autodesk";
const newName = () => `f-${crypto.randomUUID().slice(0, 12)}`;
const open = (method: FormMethod, values: FormValues, using: typeof fetch = fetch) =>
  tryForm(autodesk, method, values, env, { fetch: using, now: Date.now });

async function project(member: string): Promise<string> {
  const name = `${newName()}@autodesk-projects.example`;
  await control("POST", `/drives/${name}/mutate`, { ops: [{ op: "create", path: "/Project Files/a.txt", bytes: "a" }] });
  return invite(name, member);
}

test("an app is connected once an administrator has let it in, and says so before", async () => {
  const clientId = newName();
  const values = { clientId: ` ${clientId} `, clientSecret: SECRET };
  await expect(open(app, values)).rejects.toMatchObject({ kind: "forbidden", message: expect.stringContaining("Custom integrations") });
  await project(`${clientId}@autodesk-apps.example`);
  expect(await open(app, values)).toEqual({ id: `app:${clientId}`, label: "Harbour Construction (app)" });
});

test("an app may be limited to what one person sees", async () => {
  const clientId = newName();
  await project(`${clientId}@autodesk-apps.example`);
  const users: (string | null)[] = [];
  const watching: typeof fetch = (input, init) => {
    users.push(new Headers(init?.headers).get("x-user-id"));
    return fetch(input, init);
  };
  await open(app, { clientId, clientSecret: SECRET, user: " ABC123 " }, watching);
  expect(users).toEqual([null, "ABC123"]);
});

test("a service account is itself, whose key is handed out in the older form", async () => {
  const { account, values } = await newRobot();
  expect(values["key"]).toContain("BEGIN RSA PRIVATE KEY");
  expect(await open(serviceAccount, values)).toMatchObject({
    id: values["serviceAccountId"],
    email: account.replace("autodesk-service-accounts.example", "sandbox-app.adskserviceaccount.autodesk.com"),
  });
});

test("what is wrong is said in words, without the secrets in them", async () => {
  const { values } = await newRobot();
  const key = values["key"] ?? "";
  const refusals: [FormMethod, FormValues, string][] = [
    [app, { clientId: "sandbox-app", clientSecret: "wrong-secret" }, "refuses this client ID and secret"],
    [serviceAccount, { ...values, clientSecret: "wrong-secret" }, "refuses this client ID and secret"],
    [serviceAccount, { ...values, key: "no JSON" }, "This is no key"],
    [
      serviceAccount,
      { ...values, key: '{"kid":"1","privateKey":"-----BEGIN PRIVATE KEY-----\\nnothing\\n-----END PRIVATE KEY-----"}' },
      "cannot be read",
    ],
    [
      serviceAccount,
      { ...values, key: '{"kid":"1","privateKey":"-----BEGIN RSA PRIVATE KEY-----\\n***\\n-----END RSA PRIVATE KEY-----"}' },
      "cannot be read",
    ],
    [serviceAccount, { ...values, serviceAccountId: "NOBODY" }, "does not belong to the client"],
  ];
  for (const [method, given, words] of refusals) {
    const error = (await open(method, given).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ kind: "auth", message: expect.stringContaining(words) });
    expect(error.message).not.toMatch(/PRIVATE|wrong-secret/);
  }
  expect(key).toContain("PRIVATE");
  expect([...app.fields, ...serviceAccount.fields].filter(isSecret).map(({ name }) => name)).toEqual([
    "clientSecret",
    "clientSecret",
    "key",
  ]);
  expect(formProblem(serviceAccount, { clientId: "a", clientSecret: "b", serviceAccountId: "c" })).toBe("fields.key: Key is needed");
});

test("a token service that is down, or has had enough, is no refusal", async () => {
  const answering = (answer: Response) => open(app, { clientId: "an-app", clientSecret: SECRET }, async () => answer);
  await expect(answering(new Response("<h1>502</h1>", { status: 502 }))).rejects.toMatchObject({ kind: "transient" });
  await expect(answering(new Response("{}", { status: 200 }))).rejects.toMatchObject({ kind: "transient" });
  const slow = new Response("{}", { status: 429, headers: { "Retry-After": "7" } });
  await expect(answering(slow)).rejects.toMatchObject({ kind: "throttled", retryAfterSeconds: 7 });
});

test("files are read by the permission that only reads; another one is asked for hooks alone", async () => {
  const { account, values } = await newRobot();
  const feedId = await project(account);
  const scopes: (string | null)[] = [];
  const asked: string[] = [];
  const watching: typeof fetch = (input, init) => {
    if (init?.body instanceof URLSearchParams) scopes.push(init.body.get("scope"));
    else if (init?.method !== "GET") asked.push(`${init?.method} ${new URL(String(input)).pathname.split("/")[1]}`);
    return fetch(input, init);
  };
  const context = { fetch: watching, now: Date.now };
  const accessToken = async () => (await serviceAccount.mint?.(env, values, context))?.accessToken ?? "";
  const provider = autodesk.create(env, { ...context, fields: async () => values, accessToken });
  const known = new Map<string, Entry>();
  await applyRound(provider, feedId, await applyRound(provider, feedId, null, known), known);
  for (const { id, kind, download } of known.values()) {
    if (kind === "file") await new Response((await provider.open({ id, feedId, ...(download && { download }) })).body).arrayBuffer();
  }
  await provider.lookup(feedId, [...known.keys()]);
  expect([new Set(scopes), asked]).toEqual([new Set(["data:read"]), []]);
  await provider.webhook?.subscribe({ feedId, notificationUrl: NOTIFICATIONS, clientState: "a.b.c.d", expiresAt: Date.now() + 3_600_000 });
  expect(scopes.filter((scope) => scope === "data:read data:write")).toHaveLength(1);
  expect(asked).toEqual(["POST webhooks", "PATCH webhooks"]);
});

test("a hook is made, renewed, removed, and removed again; one whose making was not answered makes way for another", async () => {
  const { account, provider } = await newRobot();
  const hour = Math.floor(Date.now() / 1000) * 1000 + 3_600_000;
  const request = { feedId: await project(account), notificationUrl: NOTIFICATIONS, clientState: "a.b.c.d", expiresAt: hour };
  const made = await provider.webhook?.subscribe(request);
  expect(made?.expiresAt).toBe(hour);
  expect(await provider.webhook?.renew?.(made?.id ?? "", hour + 60_000)).toEqual({ id: made?.id, expiresAt: hour + 60_000 });
  const other = await provider.webhook?.subscribe(request);
  await expect(provider.webhook?.renew?.(made?.id ?? "", hour)).rejects.toMatchObject({ kind: "not_found" });
  for (const id of [other?.id, other?.id]) await provider.webhook?.unsubscribe(id ?? "");
  await expect(provider.webhook?.renew?.(other?.id ?? "", hour)).rejects.toMatchObject({ kind: "not_found" });
});

test("the older form of a key becomes the newer one, whatever its length, and the newer one stays", async () => {
  for (const modulusLength of [1024, 2048]) {
    const pair = (await crypto.subtle.generateKey(
      { name: "RSASSA-PKCS1-v1_5", modulusLength, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
      true,
      ["sign"],
    )) as CryptoKeyPair;
    const der = new Uint8Array((await crypto.subtle.exportKey("pkcs8", pair.privateKey)) as ArrayBuffer);
    const pem = (bytes: Uint8Array, kind: string) =>
      `-----BEGIN ${kind}-----\n${btoa(String.fromCharCode(...bytes))}\n-----END ${kind}-----\n`;
    // Version, algorithm and the head of the octets are 26 bytes where lengths take two.
    expect(toPkcs8(pem(der.subarray(26), "RSA PRIVATE KEY"))).toBe(pem(der, "PRIVATE KEY"));
    expect(toPkcs8(pem(der, "PRIVATE KEY"))).toBe(pem(der, "PRIVATE KEY"));
  }
});
