import { beforeAll, describe, expect, it } from "vitest";
import type { Connection, ConnectionTest } from "../../worker/wire.ts";
import { SandboxCloud } from "../providers/sandbox-cloud.ts";
import { call, callJson, errorCode } from "./client.ts";
import { applyMigrations, seedSession, seedUser } from "./seed.ts";

// A connection by a form, as a person makes it.

beforeAll(applyMigrations);

async function person(): Promise<string> {
  return seedSession(await seedUser());
}

describe("a form", () => {
  it("that opens an account is a connection, which is tested, browsed and made anew, and whose secrets are never shown", async () => {
    const cookie = await person();
    const cloud = await SandboxCloud.open();
    await cloud.put("/f/a.txt", "a");
    const connect = async (more: Record<string, unknown> = {}) =>
      call("/api/v1/connections", { cookie, json: { provider: "webdav", method: "password", fields: cloud.fields, ...more } });
    const made = await connect();
    const text = await made.text();
    expect([made.status, text.includes(cloud.fields["password"] ?? "")]).toEqual([200, false]);
    const { connection } = JSON.parse(text) as { connection: Connection };
    expect(connection).toMatchObject({ provider: "webdav", authType: "password", status: "active", account: { email: cloud.account } });
    const { ok, checks } = await callJson<ConnectionTest>(`/api/v1/connections/${connection.id}/test`, { cookie, method: "POST" });
    expect([ok, checks.map(({ name }) => name)]).toEqual([true, ["Account", "Files", "Changes", "Checksums"]]);
    const { items } = await callJson<{ items: { whole: boolean }[] }>(`/api/v1/connections/${connection.id}/browse`, { cookie });
    expect(items).toMatchObject([{ whole: true }]);

    await cloud.revoke();
    expect(await callJson(`/api/v1/connections/${connection.id}/test`, { cookie, method: "POST" })).toMatchObject({ ok: false });
    expect(await callJson(`/api/v1/connections/${connection.id}`, { cookie })).toMatchObject({ status: "needs_reconnect" });
    cloud.fields = { ...cloud.fields, ...(await cloud.password()) };
    expect((await connect({ connectionId: connection.id })).status).toBe(200);
    expect(await callJson(`/api/v1/connections/${connection.id}`, { cookie })).toMatchObject({ status: "active" });
  });

  it.each([
    ["a wrong password", { password: "guess" }, 422, "connection.refused"],
    ["a private address", { address: "https://10.0.0.1" }, 422, "connection.unsupported"],
    ["an address that nothing answers at", { address: "https://nobody.example.org" }, 502, "provider.failed"],
    ["no password", { password: " " }, 400, "request.invalid"],
    ["a field of another form", { port: "993" }, 400, "request.invalid"],
  ])("with %s says so, and connects nothing", async (_what, fields, status, code) => {
    const cookie = await person();
    const cloud = await SandboxCloud.open();
    const refused = await call("/api/v1/connections", { cookie, json: { provider: "webdav", fields: { ...cloud.fields, ...fields } } });
    expect([refused.status, await errorCode(refused)]).toEqual([status, code]);
    expect(await callJson("/api/v1/connections", { cookie })).toMatchObject({ items: [] });
  });

  it("is described with its fields, of which none has a value", async () => {
    const { items } = await callJson<{ items: { id: string; methods: unknown[] }[] }>("/api/v1/providers", { cookie: await person() });
    expect(items.find(({ id }) => id === "webdav")).toMatchObject({
      methods: [
        {
          id: "password",
          available: true,
          fields: [{ name: "address", kind: "url" }, { name: "user" }, { name: "password", kind: "secret" }],
        },
      ],
    });
  });
});
