import { beforeAll, describe, expect, it } from "vitest";
import { call, callJson } from "./client.ts";
import { applyMigrations, seedSession, seedUser } from "./seed.ts";

// What a person is told who fills in the form for mail wrongly: before anything is sent, where that can be.

beforeAll(applyMigrations);

const FIELDS = { host: "imap.nobody.example", user: "you@nobody.example", password: "app password" };

describe("the form for mail", () => {
  it.each([
    ["a private address", { host: "192.168.1.5" }, 422, "connection.unsupported", "not on the public internet"],
    ["this Tidemark's own name", { host: "tidemark.example" }, 422, "connection.unsupported", "this Tidemark itself"],
    ["a web address", { host: "https://imap.nobody.example" }, 422, "connection.unsupported", "its name alone"],
    ["no encryption", { security: "none" }, 422, "connection.unsupported", "must not be read on the way"],
    ["a port for sending", { port: "587" }, 422, "connection.unsupported", "is for sending mail"],
    ["a server that is not there", {}, 502, "provider.failed", "No server answers at imap.nobody.example, port 993."],
    ["no password", { password: "" }, 400, "request.invalid", "Password is needed"],
  ])("with %s says so, and connects nothing", async (_what, fields, status, code, message) => {
    const cookie = await seedSession(await seedUser());
    const refused = await call("/api/v1/connections", { cookie, json: { provider: "imap", fields: { ...FIELDS, ...fields } } });
    const body = await refused.text();
    expect([refused.status, JSON.parse(body)]).toMatchObject([status, { error: { code, message: expect.stringContaining(message) } }]);
    expect(body).not.toContain(FIELDS.password);
    expect(await callJson("/api/v1/connections", { cookie })).toMatchObject({ items: [] });
  });

  it("is described with its fields, and what a sync of mail can be told", async () => {
    const cookie = await seedSession(await seedUser());
    const { items } = await callJson<{ items: { id: string }[] }>("/api/v1/providers", { cookie });
    expect(items.find(({ id }) => id === "imap")).toMatchObject({
      name: "Mail (IMAP)",
      methods: [
        { type: "password", available: true, fields: [{ name: "host" }, { name: "port" }, { name: "security" }, { name: "user" }, { name: "password", kind: "secret" }] }, // prettier-ignore
        { type: "token", available: true, fields: [{ name: "host" }, { name: "port" }, { name: "security" }, { name: "user" }, { name: "tokenUrl" }, { name: "clientId" }, { name: "clientSecret", kind: "secret" }, { name: "scope" }] }, // prettier-ignore
      ],
      options: { properties: { attachments: { type: "boolean" } } },
    });
  });
});
