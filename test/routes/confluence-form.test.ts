import { beforeAll, describe, expect, it } from "vitest";
import type { Connection, ConnectionTest } from "../../worker/wire.ts";
import { SandboxConfluence } from "../providers/sandbox-confluence.ts";
import { call, callJson, errorCode } from "./client.ts";
import { applyMigrations, seedSession, seedUser } from "./seed.ts";

// Confluence by an API token, as a person connects it.

beforeAll(applyMigrations);

const person = async (): Promise<string> => seedSession(await seedUser());

describe("an API token", () => {
  it.each(["token", "scoped-token"] as const)(
    "(%s) that opens a site is a connection, which is tested and browsed, and is never shown",
    async (way) => {
      const cookie = await person();
      const site = await SandboxConfluence.open(way);
      const method = way === "token" ? "api-token" : "scoped-api-token";
      const made = await call("/api/v1/connections", { cookie, json: { provider: "confluence", method, fields: site.fields } });
      const text = await made.text();
      expect(made.status, text).toBe(200);
      expect(text).not.toContain(Object.values(site.fields ?? {}).at(-1));
      const { connection } = JSON.parse(text) as { connection: Connection };
      expect(connection).toMatchObject({ provider: "confluence", authType: "token", account: { email: site.account } });
      expect(await callJson<ConnectionTest>(`/api/v1/connections/${connection.id}/test`, { cookie, method: "POST" })).toMatchObject({
        ok: true,
      });
      const { items } = await callJson<{ items: object[] }>(`/api/v1/connections/${connection.id}/browse`, { cookie });
      expect(items).toMatchObject([{ name: "Team", whole: true }]);
    },
  );

  it.each([
    ["a wrong token", { token: "guess" }, 422, "connection.refused"],
    ["a wrong address of the person", { email: "nobody@atlassian.example" }, 422, "connection.refused"],
    ["a private address", { site: "https://192.168.1.5" }, 422, "connection.unsupported"],
    ["this Tidemark's own address", { site: "tidemark.example" }, 422, "connection.unsupported"],
    ["a site that is not there", { site: "nobody-is-here.atlassian.net" }, 422, "connection.unsupported"],
    ["no token", { token: " " }, 400, "request.invalid"],
  ])("with %s says so, and connects nothing", async (_what, fields, status, code) => {
    const cookie = await person();
    const site = await SandboxConfluence.open("token");
    const json = { provider: "confluence", method: "api-token", fields: { ...site.fields, ...fields } };
    const refused = await call("/api/v1/connections", { cookie, json });
    expect([refused.status, await errorCode(refused)]).toEqual([status, code]);
    expect(await callJson("/api/v1/connections", { cookie })).toMatchObject({ items: [] });
  });
});
