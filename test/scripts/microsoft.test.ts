import { afterAll, afterEach, expect, test } from "vitest";
import { createSandbox } from "../../sandbox/app.ts";
import { checkMicrosoft } from "../../scripts/doctor/microsoft.ts";
import type { Settings } from "../../scripts/doctor/settings.ts";

const SETTINGS: Settings = {
  ORIGIN: "https://tidemark.example",
  MICROSOFT_CLIENT_ID: "11111111-2222-4333-8444-555555555555",
  MICROSOFT_CLIENT_SECRET: "sandbox-secret",
  MICROSOFT_TENANT: "common",
  MICROSOFT_LOGIN_URL: "https://login.microsoftonline.com",
  GRAPH_URL: "https://graph.microsoft.com",
};

const sandbox = await createSandbox();
afterEach(async () => void (await request("https://sandbox.test/_sandbox/faults", { method: "DELETE" })));
afterAll(() => sandbox.close());

async function request(url: string, init?: RequestInit): Promise<Response> {
  return sandbox.app.fetch(new Request(url, init));
}

async function examine(more: Settings = {}, fault?: string) {
  if (fault !== undefined) await request("https://sandbox.test/_sandbox/faults", { method: "POST", body: JSON.stringify({ name: fault }) });
  return checkMicrosoft({ ...SETTINGS, ...more }, request);
}

async function problems(more?: Settings, fault?: string): Promise<string[]> {
  return (await examine(more, fault))
    .filter((finding) => finding.verdict === "problem")
    .map((finding) => `${finding.text} ${finding.advice}`);
}

test("a registration that works has no problem, and its redirect URI is verified", async () => {
  const findings = await examine();
  expect(findings.filter((finding) => finding.verdict === "problem")).toEqual([]);
  expect(findings.map((finding) => finding.text)).toContain(
    "The redirect URI is registered: https://tidemark.example/auth/microsoft/callback",
  );
});

test("what was only half proven is said to be so", async () => {
  expect((await examine()).find((finding) => finding.verdict === "unknown")?.advice).toContain("--tenant");
});

test("a wrong secret is told from a made-up code", async () => {
  expect(await problems({ MICROSOFT_CLIENT_SECRET: "wrong" })).toEqual([expect.stringContaining("refused the client secret")]);
});

test("a secret that has expired is named as that", async () => {
  expect(await problems({}, "expired-secret")).toEqual([expect.stringContaining("has expired")]);
});

test("a client that Microsoft does not know is named, by the token's and the sign-in's answer", async () => {
  expect(await problems({ MICROSOFT_CLIENT_ID: "unknown" })).toEqual([
    expect.stringContaining("does not know this client"),
    expect.stringContaining("AADSTS700016"),
  ]);
});

test("a redirect URI that is not registered is answered with the one to register", async () => {
  expect(await problems({ ORIGIN: "https://elsewhere.example" })).toEqual([
    expect.stringContaining("exactly as written: https://elsewhere.example/auth/microsoft/callback"),
  ]);
});

test("a tenant that is none ends the examination with its name", async () => {
  expect(await problems({ MICROSOFT_TENANT: "nobody" })).toEqual([expect.stringContaining('no tenant "nobody"')]);
});

test("a sign-in service that cannot be reached is said to be so, with the reason", async () => {
  const findings = await checkMicrosoft(SETTINGS, () =>
    Promise.reject(new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND") })),
  );
  expect(findings).toMatchObject([{ verdict: "problem", text: expect.stringContaining("getaddrinfo ENOTFOUND") as string }]);
});

test("a page that a program cannot judge leaves the redirect URI unverified, with an address to open", async () => {
  const findings = await checkMicrosoft(SETTINGS, async (url, init) => {
    if (url.includes("/authorize"))
      return new Response("<html><script>silent()</script></html>", { headers: { "Content-Type": "text/html" } });
    return request(url, init);
  });
  expect(findings.find((finding) => finding.text.includes("not verified"))).toMatchObject({
    verdict: "unknown",
    advice: expect.stringContaining("prompt=select_account") as string,
  });
});

test("with the directory's id the secret is tried by a token of the app's own", async () => {
  const asked: string[] = [];
  const findings = await checkMicrosoft(
    SETTINGS,
    async (url, init) => {
      const form = init?.body instanceof URLSearchParams ? init.body : new URLSearchParams();
      if (form.get("grant_type") !== "client_credentials") return request(url, init);
      asked.push(url);
      return Response.json({ access_token: "unused" });
    },
    "6731de76-14a6-49ae-97bc-6eba6914391e",
  );
  expect(asked).toEqual(["https://login.microsoftonline.com/6731de76-14a6-49ae-97bc-6eba6914391e/oauth2/v2.0/token"]);
  expect(findings.map((finding) => finding.text)).toContain("The client id and secret are right.");
});
