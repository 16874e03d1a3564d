import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  checkClientId,
  checkDeployConfig,
  checkMail,
  checkMasterKeys,
  checkOrigin,
  checkSecret,
  checkSettings,
  checkTenant,
} from "../../scripts/doctor/settings.ts";
import { DELIVERIES_MAX } from "../../worker/webhooks/deliveries.ts";

const GUID = "6731de76-14a6-49ae-97bc-6eba6914391e";

test.each([
  { origin: "https://tidemark.example", deployed: true, verdict: "good" },
  { origin: "https://tidemark.example:8443", deployed: true, verdict: "good" },
  { origin: "http://localhost:8787", deployed: false, verdict: "good" },
  { origin: "http://localhost:8787", deployed: true, verdict: "problem" },
  { origin: "https://tidemark.example/", deployed: true, verdict: "problem" },
  { origin: "https://tidemark.example/app", deployed: true, verdict: "problem" },
  { origin: "https://Tidemark.example", deployed: true, verdict: "problem" },
  { origin: "http://tidemark.example", deployed: true, verdict: "problem" },
  { origin: "http://127.0.0.1:8787", deployed: false, verdict: "problem" },
  { origin: "ftp://localhost", deployed: false, verdict: "problem" },
  { origin: "tidemark.example", deployed: true, verdict: "problem" },
  { origin: undefined, deployed: true, verdict: "problem" },
])("an ORIGIN of $origin, deployed: $deployed, is $verdict", ({ origin, deployed, verdict }) => {
  expect(checkOrigin(origin, deployed).verdict).toBe(verdict);
});

test("a slash at the end of ORIGIN is answered with the address as it should be written", () => {
  expect(checkOrigin("https://tidemark.example/", true).advice).toMatch(/https:\/\/tidemark\.example$/);
});

test("a client id is a GUID", () => {
  expect(checkClientId(GUID).verdict).toBe("good");
  expect(checkClientId("tidemark").verdict).toBe("problem");
  expect(checkClientId("").verdict).toBe("problem");
});

test("a secret's id in the place of its value is told apart", () => {
  expect(checkSecret("dTm8Q~1TnP0jK0p2vWq3x4y5z6", false).verdict).toBe("good");
  expect(checkSecret(GUID, false)).toMatchObject({ verdict: "problem", advice: expect.stringContaining("Value") as string });
  expect(checkSecret("", false).verdict).toBe("problem");
});

test("secrets that only Cloudflare has are no problem of a deployment", async () => {
  expect(checkSecret(undefined, true).verdict).toBe("unknown");
  expect((await checkMasterKeys(undefined, true)).verdict).toBe("unknown");
});

test.each([
  ["common", "good"],
  ["organizations", "good"],
  ["consumers", "good"],
  [GUID, "good"],
  ["contoso.example", "problem"],
  ["", "problem"],
])("a tenant of %j is %s", (tenant, verdict) => {
  expect(checkTenant(tenant).verdict).toBe(verdict);
});

const key = (bytes: number): string => randomBytes(bytes).toString("base64url");

test.each([
  { name: "one key", keys: `k1:${key(32)}`, verdict: "good" },
  { name: "a new key before an old one", keys: `k2:${key(32)},k1:${key(32)}`, verdict: "good" },
  { name: "a key without an id", keys: key(32), verdict: "problem" },
  { name: "a key that is too short", keys: `k1:${key(16)}`, verdict: "problem" },
  { name: "two keys of one id", keys: `k1:${key(32)},k1:${key(32)}`, verdict: "problem" },
  { name: "a key that is no base64url", keys: "k1:!!!", verdict: "problem" },
])("of MASTER_KEYS, $name is $verdict", async ({ keys, verdict }) => {
  expect((await checkMasterKeys(keys, true)).verdict).toBe(verdict);
});

test("what is said about a bad MASTER_KEYS does not quote the key", async () => {
  const secret = key(16);
  expect(JSON.stringify(await checkMasterKeys(`k1:${secret}`, true))).not.toContain(secret);
});

test("without MASTER_KEYS this machine makes its own", async () => {
  expect((await checkMasterKeys(undefined, false)).verdict).toBe("good");
});

const DEPLOYED = { ORIGIN: "https://tidemark.example", MICROSOFT_CLIENT_ID: GUID, MICROSOFT_TENANT: "common" };

async function problemsOf(more: Record<string, string>): Promise<string[]> {
  const findings = await checkSettings({ ...DEPLOYED, ...more }, "deployed");
  return findings.filter((finding) => finding.verdict === "problem").map((finding) => finding.text);
}

test("a complete configuration has no problem", async () => {
  expect(await problemsOf({})).toEqual([]);
});

test("administrators are named by issuer and subject", async () => {
  expect(await problemsOf({ ADMIN_SUBJECTS: `https://login.microsoftonline.com/${GUID}/v2.0 abc` })).toEqual([]);
  expect(await problemsOf({ ADMIN_SUBJECTS: "alice@contoso.example" })).toHaveLength(1);
});

test("a domain among the allowed tenants is a problem: the Worker compares ids", async () => {
  expect(await problemsOf({ ALLOWED_TENANTS: GUID })).toEqual([]);
  expect(await problemsOf({ ALLOWED_TENANTS: `${GUID}, contoso.example` })).toHaveLength(1);
});

test("insecure cookies on a real address are a problem, for they are not heeded there", async () => {
  expect(await problemsOf({ INSECURE_COOKIES: "true" })).toHaveLength(1);
  expect(await problemsOf({ INSECURE_COOKIES: "" })).toEqual([]);
});

const CONFIG = { databaseId: GUID, origin: "https://tidemark.example", routes: [], workersDev: false };

test.each([
  { name: "a custom domain that the deployment makes", config: {}, problems: 0 },
  { name: "a database that was never made", config: { databaseId: "00000000-0000-0000-0000-000000000000" }, problems: 1 },
  { name: "a route for ORIGIN's host", config: { routes: ["tidemark.example/*"] }, problems: 0 },
  { name: "routes for other hosts only", config: { routes: ["other.example/*"] }, problems: 1 },
  { name: "an address at workers.dev that is switched off", config: { origin: "https://tidemark.me.workers.dev" }, problems: 1 },
  {
    name: "an address at workers.dev that is switched on",
    config: { origin: "https://tidemark.me.workers.dev", workersDev: true },
    problems: 0,
  },
])("$name: $problems problems", ({ config, problems }) => {
  expect(checkDeployConfig({ ...CONFIG, ...config }).filter((finding) => finding.verdict === "problem")).toHaveLength(problems);
});

test.each([
  { from: "Tidemark <tidemark@example.com>", verdict: "good" },
  { from: "tidemark@example.com", verdict: "good" },
  { from: "Tidemark", verdict: "problem" },
  { from: "Tidemark <a@example.com>, b@example.com", verdict: "problem" },
  { from: "", verdict: "unknown" },
])("mail from $from is $verdict", async ({ from, verdict }) => {
  expect((await checkMail(from)).verdict).toBe(verdict);
});

test("a message is known to be at its last delivery as wrangler.toml has it", () => {
  const consumers = readFileSync("wrangler.toml", "utf8").split("[[queues.consumers]]");
  const deliveries = (queue: string) =>
    1 +
    Number(
      /max_retries = (\d+)/.exec(consumers.find((text) => text.includes(`queue = "${queue}"`) && text.includes("max_retries")) ?? "")?.[1],
    );
  expect({ downloads: deliveries("tidemark-downloads"), wakes: deliveries("tidemark-wakes") }).toEqual(DELIVERIES_MAX);
});
