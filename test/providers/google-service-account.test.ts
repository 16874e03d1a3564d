import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { formProblem, tryForm } from "../../worker/providers/form.ts";
import { googleDrive } from "../../worker/providers/google-drive/google-drive.ts";
import { serviceAccount } from "../../worker/providers/google-drive/service-account.ts";
import { isSecret, type FormValues } from "../../worker/providers/provider.ts";
import { control } from "./control.ts";
import { GoogleAccount } from "./google-account.ts";

const newName = () => `s-${crypto.randomUUID().slice(0, 12)}@service-accounts.example`;
const keyOf = (name: string) => control<Record<string, string>>("GET", `/google/service-accounts/${name}/key`);
const open = (values: FormValues, now = Date.now) => tryForm(googleDrive, serviceAccount, values, env, { fetch, now });

test("a key file opens the service account itself, or the person that an administrator lets it speak for", async () => {
  const name = newName();
  const key = JSON.stringify(await keyOf(name));
  expect(await open({ key })).toMatchObject({ email: name });
  const { name: person } = await GoogleAccount.open("workspace.example");
  await expect(open({ key, subject: person })).rejects.toMatchObject({
    kind: "auth",
    providerCode: "unauthorized_client",
    message: expect.stringContaining("domain-wide delegation"),
  });
  await control("POST", "/google/delegations", { account: name });
  expect(await open({ key, subject: ` ${person} ` })).toMatchObject({ email: person });
  await expect(open({ key, subject: "nobody@nowhere.example" })).rejects.toMatchObject({
    kind: "auth",
    message: expect.stringContaining("Invalid email"),
  });
});

test("a key that makes no sense, is another's, or is of another time is refused in words, without the key in them", async () => {
  const file = await keyOf(newName());
  const pair = (await crypto.subtle.generateKey(
    { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
    true,
    ["sign"],
  )) as CryptoKeyPair;
  const der = new Uint8Array((await crypto.subtle.exportKey("pkcs8", pair.privateKey)) as ArrayBuffer);
  const stranger = `-----BEGIN PRIVATE KEY-----\n${btoa(String.fromCharCode(...der))}\n-----END PRIVATE KEY-----\n`;
  const refusals: [string, string][] = [
    ["no JSON", "no key file"],
    [JSON.stringify({ ...file, type: "authorized_user" }), "no key file"],
    [JSON.stringify({ ...file, private_key: "-----BEGIN PRIVATE KEY-----\nnothing\n-----END PRIVATE KEY-----\n" }), "cannot be read"],
    [JSON.stringify({ ...file, private_key: stranger }), "Invalid JWT Signature"],
    [JSON.stringify({ ...file, client_email: "gone@elsewhere.example" }), "account not found"],
  ];
  for (const [key, words] of refusals) {
    const error = await open({ key }).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ kind: "auth", message: expect.stringContaining(words) });
    expect((error as Error).message).not.toContain("PRIVATE");
  }
  const late = open({ key: JSON.stringify(file) }, () => Date.now() - 86_400_000);
  await expect(late).rejects.toMatchObject({ kind: "auth", message: expect.stringContaining("reasonable timeframe") });
});

test("what a key signs goes to Google alone, whatever its file says", async () => {
  const asked: string[] = [];
  const watching: typeof fetch = (input, init) => {
    asked.push(new URL(String(input)).host);
    return fetch(input, init);
  };
  const key = JSON.stringify({ ...(await keyOf(newName())), token_uri: "https://evil.example/token" });
  await tryForm(googleDrive, serviceAccount, { key }, env, { fetch: watching, now: Date.now });
  expect([...new Set(asked)]).toEqual(["oauth2.googleapis.com", "www.googleapis.com"]);
});

test("a token service that is down, or has had enough, is no refusal", async () => {
  const key = JSON.stringify(await keyOf(newName()));
  const answering = (answer: Response) => tryForm(googleDrive, serviceAccount, { key }, env, { fetch: async () => answer, now: Date.now });
  await expect(answering(new Response("<h1>502</h1>", { status: 502 }))).rejects.toMatchObject({ kind: "transient" });
  await expect(answering(Response.json({ error: "internal_failure" }, { status: 503 }))).rejects.toMatchObject({ kind: "transient" });
  const slow = new Response("{}", { status: 429, headers: { "Retry-After": "7" } });
  await expect(answering(slow)).rejects.toMatchObject({ kind: "throttled", retryAfterSeconds: 7 });
});

test("the key is a secret of the form, and is needed", () => {
  const [key] = serviceAccount.fields;
  expect(key && isSecret(key)).toBe(true);
  expect(formProblem(serviceAccount, { subject: "a@b.example" })).toBe("fields.key: Key file is needed");
});
