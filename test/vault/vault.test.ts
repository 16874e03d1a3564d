import { env } from "cloudflare:workers";
import { decodeProtectedHeader } from "jose";
import { describe, expect, it } from "vitest";
import { masterKeys } from "../../worker/keyring.ts";
import { createVault, VaultError } from "../../worker/vault.ts";

const OLD = "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const NEW = "new:HxwdHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwI";
const context = { userId: "aaaaaaaaaaaaaaaa", connectionId: "bbbbbbbbbbbbbbbb" };

describe("the vault", () => {
  it("opens what it sealed, for the same user and connection", async () => {
    const vault = createVault(env);
    const sealed = await vault.seal(context, { refreshToken: "secret" });
    expect(sealed).not.toContain("secret");
    expect(await vault.open(context, sealed)).toEqual({ refreshToken: "secret" });
  });

  it.each([
    ["user", { ...context, userId: "cccccccccccccccc" }],
    ["connection", { ...context, connectionId: "cccccccccccccccc" }],
  ])("does not open for another %s", async (_, other) => {
    const vault = createVault(env);
    const sealed = await vault.seal(context, { refreshToken: "secret" });
    await expect(vault.open(other, sealed)).rejects.toThrow(VaultError);
  });

  it("does not open where the header was changed to name another connection", async () => {
    const vault = createVault(env);
    const [header = "", ...rest] = (await vault.seal(context, { refreshToken: "secret" })).split(".");
    const claims = { ...JSON.parse(atob(header)), connection: "cccccccccccccccc" };
    const forged = [btoa(JSON.stringify(claims)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_"), ...rest].join(".");
    await expect(vault.open({ ...context, connectionId: "cccccccccccccccc" }, forged)).rejects.toThrow(VaultError);
  });

  it("seals each credential with a key of its own", async () => {
    const vault = createVault(env);
    const [one, two] = [await vault.seal(context, { a: 1 }), await vault.seal(context, { a: 1 })];
    expect(one.split(".")[1]).not.toBe(two.split(".")[1]);
    expect(decodeProtectedHeader(one)).toMatchObject({ alg: "A256KW", enc: "A256GCM", kid: "test" });
  });

  it("goes on opening what an older master key sealed, and says that it should be sealed again", async () => {
    const sealed = await createVault({ MASTER_KEYS: OLD }).seal(context, { refreshToken: "secret" });
    const rotated = createVault({ MASTER_KEYS: `${NEW},${OLD}` });
    expect(await rotated.open(context, sealed)).toEqual({ refreshToken: "secret" });
    expect(rotated.isCurrent(sealed)).toBe(false);
    expect(rotated.isCurrent(await rotated.seal(context, {}))).toBe(true);
  });

  it("says which key is missing from the setting, not what it was", async () => {
    const sealed = await createVault({ MASTER_KEYS: OLD }).seal(context, {});
    await expect(createVault({ MASTER_KEYS: NEW }).open(context, sealed)).rejects.toThrow("not in MASTER_KEYS");
  });

  it("refuses what is no credential", async () => {
    await expect(createVault(env).open(context, "nothing")).rejects.toThrow(VaultError);
  });
});

describe("MASTER_KEYS", () => {
  it.each([
    ["", 'key 1 is not written as "id:base64url"'],
    ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", 'key 1 is not written as "id:base64url"'],
    [`${OLD},second:AAEC`, 'key "second" is not 32 bytes'],
    [`${OLD},${OLD}`, "two keys alike"],
    ["a b:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "the id of key 1"],
  ])("%j is refused in words", (setting, words) => {
    expect(() => masterKeys({ MASTER_KEYS: setting })).toThrow(words);
  });

  it("never repeats a key in its complaint", () => {
    expect(() => masterKeys({ MASTER_KEYS: `k:${"secret".repeat(20)}` })).toThrow(
      expect.not.stringContaining("secretsecret") as unknown as Error,
    );
  });
});
