import { expect, test } from "vitest";
import { checkAuthorities } from "../../scripts/doctor/authorities.ts";
import { sandboxVars } from "../../scripts/local/sandbox-vars.ts";
import { localWranglerConfig } from "../../scripts/local/wrangler-config.ts";

const ORIGIN = "https://tidemark.example";
const GOOGLE = { ORIGIN, GOOGLE_CLIENT_ID: "12-ab.apps.googleusercontent.com", GOOGLE_CLIENT_SECRET: "s3cret" };

const verdicts = async (settings: Record<string, string>, place: "local" | "sandbox" | "deployed" = "local") =>
  (await checkAuthorities(settings, place)).map(({ verdict, text, advice }) => `${verdict}: ${text} ${advice ?? ""}`);

test("authorities that are not configured are not spoken of", async () => {
  expect(await verdicts({ ORIGIN })).toEqual([]);
});

test("a whole registration is good, and its redirect URI is named as it must be registered", async () => {
  expect(await verdicts(GOOGLE)).toEqual([
    expect.stringMatching(/^good: GOOGLE_CLIENT_ID/),
    expect.stringMatching(/^good: GOOGLE_CLIENT_SECRET/),
    expect.stringMatching(/^unknown: .*https:\/\/tidemark\.example\/auth\/google\/callback$/),
  ]);
});

test.each([
  ["an id that is not Google's", { ...GOOGLE, GOOGLE_CLIENT_ID: "12-ab" }, /^problem: GOOGLE_CLIENT_ID is "12-ab"/],
  ["an id without a secret", { ORIGIN, DROPBOX_CLIENT_ID: "key" }, /^problem: DROPBOX_CLIENT_SECRET is not set/],
  ["a secret without an id", { ORIGIN, AUTODESK_CLIENT_SECRET: "s" }, /^problem: AUTODESK_CLIENT_SECRET is set/],
])("%s is a problem", async (_, settings, words) => {
  expect(await verdicts(settings)).toContainEqual(expect.stringMatching(words));
});

test("no secret is ever shown", async () => {
  expect((await verdicts(GOOGLE)).join()).not.toContain("s3cret");
});

test("a secret that only Cloudflare has is no problem of a deployment", async () => {
  expect((await verdicts({ ORIGIN, ATLASSIAN_CLIENT_ID: "x" }, "deployed")).join()).not.toContain("problem");
});

test("on this machine only vendors that the sandbox plays are configured, at the sandbox's addresses", () => {
  const vars = sandboxVars(8790, ["google"]);
  expect(vars).toMatchObject({ GOOGLE_LOGIN_URL: "http://localhost:8790/accounts.google.com", GOOGLE_CLIENT_SECRET: "sandbox-secret" });
  expect(Object.keys(vars).filter((name) => !name.startsWith("GOOGLE_"))).toEqual([]);
  expect(sandboxVars(1, ["microsoft"])).toMatchObject({ MICROSOFT_DOWNLOAD_HOSTS: "localhost:1" });
});

test("the configuration of `wrangler dev` names the optional secrets that there are, and stands anywhere", () => {
  const text = 'main = "worker/index.ts"\n[assets]\ndirectory = "web/build"\n[secrets]\nrequired = ["MASTER_KEYS"]\n';
  expect(localWranglerConfig(text, "/here", { GOOGLE_CLIENT_SECRET: "s", ORIGIN })).toBe(
    'main = "/here/worker/index.ts"\n[assets]\ndirectory = "/here/web/build"\n[secrets]\nrequired = ["MASTER_KEYS","GOOGLE_CLIENT_SECRET"]\n',
  );
  expect(() => localWranglerConfig("", "/here", {})).toThrow("wrangler.toml");
});
