import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { imap } from "../../worker/providers/imap/imap.ts";
import type { ProviderContext } from "../../worker/providers/provider.ts";
import { dovecotPorts, MailAccount } from "../support/mail-account.ts";

// How a mail server is reached, proven, and signed in at; and what is said where one of these fails.

const ports = await dovecotPorts();
/** What Dovecot allows an account from one address, unless it is told otherwise. */
const CONNECTIONS_MAX = 10;

const accountOf = async (fields: Record<string, string> = {}) => {
  const account = await MailAccount.open(ports);
  return { account, signIn: account.provider(account.fields(fields)).account() };
};

describe.skipIf(ports === null)("a mail server", () => {
  test.each([
    ["tls", "tlsPort"],
    ["starttls", "plainPort"],
    ["none", "plainPort"],
  ] as const)("is signed in at with %s", async (security, port) => {
    const { account, signIn } = await accountOf({ security, port: String(ports?.[port]) });
    expect(await signIn).toMatchObject({ id: `${account.user} at localhost`, label: account.user, email: account.user });
  });

  test.each([
    ["tls", "tlsPort"],
    ["starttls", "plainPort"],
  ] as const)("whose certificate is of another name is not believed with %s", async (security, port) => {
    const { signIn } = await accountOf({ host: "127.0.0.1", security, port: String(ports?.[port]) });
    await expect(signIn).rejects.toMatchObject({
      kind: "transient",
      message: expect.stringContaining("its certificate is of another name"),
    });
  });

  test("that is asked for encryption at a port without says what may be wrong", async () => {
    const { signIn } = await accountOf({ security: "tls", port: String(ports?.plainPort) });
    await expect(signIn).rejects.toMatchObject({
      kind: "transient",
      message: expect.stringContaining("this port is not an encrypted one"),
    });
  });

  test("that is not there, or at another port, is said to be missing", async () => {
    const { signIn } = await accountOf({ port: "1" });
    await expect(signIn).rejects.toMatchObject({
      kind: "transient",
      message: expect.stringContaining("No server answers at localhost, port 1."),
    });
  });

  test("that refuses the password is not asked again with the same one", async () => {
    const account = await MailAccount.open(ports);
    const provider = account.provider(account.fields({ password: "a guess" }));
    const refused = {
      kind: "auth",
      providerCode: "AUTHENTICATIONFAILED",
      message: expect.stringContaining("refuses this user name and password"),
    };
    await expect(provider.account()).rejects.toMatchObject(refused);
    await account.setPassword("a guess");
    await expect(provider.account()).rejects.toMatchObject(refused);
  });

  test("never has the password in what it is said to have answered", async () => {
    const { signIn } = await accountOf({ password: "hunter-of-secrets" });
    const error = (await signIn.catch((thrown: unknown) => thrown)) as Error;
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain("hunter-of-secrets");
  });

  test("that has as many connections of an account as it allows is left alone for a while", async () => {
    const account = await MailAccount.open(ports);
    const programs = await Promise.all(Array.from({ length: CONNECTIONS_MAX }, () => account.signIn()));
    await expect(account.provider().account()).rejects.toMatchObject({ kind: "throttled", retryAfterSeconds: 120 });
    await Promise.all(programs.map((program) => program.logout()));
    await expect(account.provider().account()).resolves.toMatchObject({ email: account.user });
  });

  test("takes an access token in place of a password, and is given a new one where the first has run out", async () => {
    const account = await MailAccount.open(ports);
    const { password: _, ...fields } = account.fields();
    const given: boolean[] = [];
    const accessToken: ProviderContext["accessToken"] = async ({ renew = false } = {}) => {
      given.push(renew);
      return renew ? `of ${account.user}` : "stale";
    };
    expect(await account.provider(fields, {}, { accessToken }).account()).toMatchObject({ email: account.user });
    expect(given).toEqual([false, true]);
  });

  test("that refuses every token asks for a new sign-in", async () => {
    const account = await MailAccount.open(ports);
    const { password: _, ...fields } = account.fields();
    await expect(account.provider(fields, {}, { accessToken: async () => "of nobody" }).account()).rejects.toMatchObject({ kind: "auth" });
  });

  test("tells what works", async () => {
    const account = await MailAccount.open(ports);
    const checks = await account.provider().checks?.();
    expect(checks?.map(({ name, ok }) => [name, ok])).toEqual(
      ["Server", "Encryption", "Sign-in", "Folders", "Changes"].map((name) => [name, true]),
    );
    const open = await account.provider(account.fields({ security: "none", port: String(ports?.plainPort) })).checks?.();
    expect(open?.find(({ name }) => name === "Encryption")?.message).toContain("There is none");
  });
});

describe("outside development", () => {
  const signIn = (fields: Record<string, string>) =>
    imap
      .create(env, { fetch, now: Date.now, accessToken: async () => "", fields: async () => ({ user: "u", password: "p", ...fields }) })
      .account();

  test.each([
    [{ host: "localhost" }, "not on the public internet"],
    [{ host: "10.0.0.1" }, "not on the public internet"],
    [{ host: "[::1]" }, "not on the public internet"],
    [{ host: "mail.internal" }, "not on the public internet"],
    [{ host: "tidemark.example" }, "this Tidemark itself"],
    [{ host: "imap.example.com", security: "none" }, "must not be read on the way"],
    [{ host: "imap.example.com:993" }, "the port has a field of its own"],
    [{ host: "https://imap.example.com" }, "its name alone"],
    [{ host: "imap.example.com", port: "25" }, "for sending mail"],
    [{ host: "imap.example.com", port: "99999" }, "The port is a number"],
    [{ host: "imap.example.com", security: "ssl" }, "“tls” or “starttls”"],
    [{ host: "imap.example.com", user: "a\r\nb" }, "no name has"],
    [{ host: "imap.example.com", password: "a\nb" }, "no password has"],
  ])("%j is refused before anything is sent", async (fields, reason) => {
    await expect(signIn(fields as Record<string, string>)).rejects.toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining(reason),
    });
  });
});
