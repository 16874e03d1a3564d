import { beforeAll, describe, expect, it } from "vitest";
import type { Connection, ConnectionTest } from "../../worker/wire.ts";
import { control } from "../providers/control.ts";
import { SandboxJira } from "../providers/sandbox-jira.ts";
import { call, callJson, errorCode } from "./client.ts";
import { applyMigrations, seedSession, seedUser } from "./seed.ts";

// A connection by an API token, as a person makes it.

beforeAll(applyMigrations);

async function person(): Promise<string> {
  return seedSession(await seedUser());
}

async function site() {
  const jira = await SandboxJira.open("form");
  await jira.mutate({ op: "project", key: "AB", name: "Alpha" });
  const fields = async () => {
    const { sites, tokens } = await control<{ sites: { host: string }[]; tokens: { plain: string; scoped: string } }>(
      "GET",
      `/atlassian/accounts/${jira.account}`,
    );
    return { plain: { site: `https://${sites[0]?.host}/jira/your-work`, email: jira.account, token: tokens.plain }, tokens };
  };
  return { jira, fields };
}

describe("a Jira by an API token", () => {
  it("is a connection, which is tested and browsed, asks for another token once its own is refused, and never shows one", async () => {
    const cookie = await person();
    const { jira, fields } = await site();
    const { plain } = await fields();
    const made = await call("/api/v1/connections", { cookie, json: { provider: "jira", method: "api-token", fields: plain } });
    const text = await made.text();
    expect([made.status, text.includes(plain.token)]).toEqual([200, false]);
    const { connection } = JSON.parse(text) as { connection: Connection };
    expect(connection).toMatchObject({ provider: "jira", authType: "token", status: "active", account: { email: jira.account } });
    const { ok, checks } = await callJson<ConnectionTest>(`/api/v1/connections/${connection.id}/test`, { cookie, method: "POST" });
    expect([ok, checks.length]).toEqual([true, 3]);
    const { items } = await callJson<{ items: { name: string; whole: boolean }[] }>(`/api/v1/connections/${connection.id}/browse`, {
      cookie,
    });
    expect(items).toMatchObject([{ name: "Alpha (AB)", whole: true }]);
    await jira.revoke();
    expect(await callJson(`/api/v1/connections/${connection.id}/test`, { cookie, method: "POST" })).toMatchObject({ ok: false });
    expect(await callJson(`/api/v1/connections/${connection.id}`, { cookie })).toMatchObject({ status: "needs_reconnect" });
  });

  it.each([
    ["a wrong token", { token: "guess" }, 422, "connection.refused"],
    ["a private address", { site: "https://10.0.0.1" }, 422, "connection.unsupported"],
    ["no token", { token: " " }, 400, "request.invalid"],
  ])("with %s is not connected, and it says so", async (_what, wrong, status, code) => {
    const cookie = await person();
    const { plain } = await (await site()).fields();
    const json = { provider: "jira", method: "api-token", fields: { ...plain, ...wrong } };
    const refused = await call("/api/v1/connections", { cookie, json });
    expect([refused.status, await errorCode(refused)]).toEqual([status, code]);
    expect(await callJson("/api/v1/connections", { cookie })).toMatchObject({ items: [] });
  });
});
