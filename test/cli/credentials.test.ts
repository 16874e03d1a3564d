import { chmodSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { checkOrigin, checkToken, credentialsFile, loadCredentials, saveCredentials } from "../../cli/credentials.ts";
import { makeToken } from "../../worker/auth/token.ts";
import { timeId } from "../../worker/ids.ts";

const origin = "https://tidemark.example";
const token = makeToken(timeId(1));
const other = makeToken(timeId(2));
let env: Record<string, string>;

beforeEach(() => {
  env = { XDG_CONFIG_HOME: mkdtempSync(join(tmpdir(), "tidemark-cli-")) };
});

describe("credentials", () => {
  it("are kept in a file of their owner's alone, which is replaced as a whole", async () => {
    const file = await saveCredentials(env, { origin, token });
    expect(file).toBe(join(env["XDG_CONFIG_HOME"] ?? "", "tidemark", "credentials.json"));
    chmodSync(file, 0o644);
    await saveCredentials(env, { origin, token: other });
    expect([statSync(file).mode & 0o777, statSync(dirname(file)).mode & 0o777, readdirSync(dirname(file))]).toEqual([
      0o600,
      0o700,
      ["credentials.json"],
    ]);
    expect(readFileSync(file, "utf8")).toContain(other);
    expect(await loadCredentials(env)).toEqual({ origin, token: other });
  });

  it("come from the environment first", async () => {
    await saveCredentials(env, { origin, token });
    expect(await loadCredentials({ ...env, TIDEMARK_TOKEN: other })).toEqual({ origin, token: other });
    const elsewhere = { TIDEMARK_ORIGIN: "https://other.example/", TIDEMARK_TOKEN: other };
    expect(await loadCredentials({ ...env, ...elsewhere })).toEqual({ origin: "https://other.example", token: other });
  });

  it("of one address are not sent to another", async () => {
    await saveCredentials(env, { origin, token });
    expect(await loadCredentials({ ...env, TIDEMARK_ORIGIN: `${origin}/app` })).toEqual({ origin, token });
    await expect(loadCredentials({ ...env, TIDEMARK_ORIGIN: "https://other.example" })).rejects.toThrow(/Not signed in at https:\/\/other/);
  });

  it("that are missing or damaged are said to be", async () => {
    await expect(loadCredentials(env)).rejects.toThrow(/Not signed in/);
    writeFileSync(await saveCredentials(env, { origin, token }), `{"token": "${token}`);
    await expect(loadCredentials(env)).rejects.toThrow(/is damaged/);
    expect(credentialsFile({ XDG_CONFIG_HOME: "" })).toMatch(/\/\.config\/tidemark\/credentials\.json$/);
  });

  it.each(["http://tidemark.example", "tidemark.example", "ftp://tidemark.example", ""])("for %j are refused", (address) => {
    expect(() => checkOrigin(address)).toThrow();
  });

  it.each(["http://localhost:8787/", "http://127.0.0.1:1", "https://tidemark.example/app?x"])("for %j are taken", (address) => {
    expect(checkOrigin(address)).toBe(new URL(address).origin);
  });

  it("that are mistyped are refused, and not repeated", () => {
    const wrong = token.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    expect(() => checkToken(wrong)).toThrow(/not a whole token/);
    expect(() => checkToken(wrong)).not.toThrow(new RegExp(wrong.slice(4)));
  });
});
