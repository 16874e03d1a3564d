import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ProviderError } from "../../worker/providers/errors.ts";
import { createMemoryDrive, memoryProvider } from "../../worker/providers/memory.ts";
import type { FormMethod } from "../../worker/providers/provider.ts";
import { providers } from "../../worker/providers/registry.ts";
import type { BrowsePage, Connection, ConnectionBegun, ConnectionTest, Sync } from "../../worker/wire.ts";
import { workOff } from "../support/kill.ts";
import { mirrorOf } from "../support/memory-user.ts";
import { overridden } from "../support/overridden.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedSession, seedUser } from "./seed.ts";

// Sources that are connected by a form, and what is picked of them.

const SECRET = "correct horse";
const form: FormMethod = {
  type: "password",
  id: "password",
  name: "Password",
  fields: [
    { name: "user", label: "User", kind: "text", help: "Who you are there.", required: true },
    { name: "password", label: "Password", kind: "secret", help: "Kept sealed.", required: true },
    { name: "note", label: "Note", kind: "text", help: "Whatever you like.", required: false },
  ],
};
const drive = createMemoryDrive("drive-of-forms");

beforeAll(() => {
  drive.put("/docs/a.txt", "a");
  drive.put("/music/b.txt", "b");
  const memory = memoryProvider(drive);
  providers.set("formed", {
    ...memory,
    id: "formed",
    name: "Formed",
    methods: [form],
    options: z.strictObject({ format: z.enum(["pdf", "text"]).default("pdf") }),
    create: (given, context) => {
      const real = memory.create(given, { ...context, accessToken: async () => "token" });
      const checked = async () => {
        const { user, password } = (await context.fields?.()) ?? {};
        if (password !== SECRET) throw new ProviderError("auth", "The name or the password is wrong.");
        return { id: `account of ${user}`, label: user ?? "" };
      };
      return overridden(real, {
        account: checked,
        checks: async () => [{ name: "Search", ok: false, message: "Searching is not allowed." }],
      });
    },
  });
});

async function signedIn() {
  const userId = await seedUser();
  return { userId, cookie: await seedSession(userId) };
}

const connect = (cookie: string, fields: object, more: object = {}) =>
  call("/api/v1/connections", { cookie, json: { provider: "formed", fields, ...more } });

async function connected() {
  const user = await signedIn();
  const answer = await connect(user.cookie, { user: "ada", password: SECRET });
  const { connection } = await answer.json<ConnectionBegun>();
  if (!connection) throw new Error("There is a connection.");
  return { ...user, connection };
}

describe("a form", () => {
  it("is told of with its fields, by GET /providers", async () => {
    const { cookie } = await signedIn();
    const { items } = await callJson<{ items: { id: string; methods: object[]; options: object | null }[] }>("/api/v1/providers", {
      cookie,
    });
    const formed = items.find(({ id }) => id === "formed");
    expect(formed?.methods).toEqual([
      {
        id: "password",
        type: "password",
        name: "Password",
        available: true,
        announces: true,
        authority: null,
        scopes: [],
        fields: form.fields,
      },
    ]);
    expect(formed?.options).toMatchObject({ properties: { format: { enum: ["pdf", "text"] } } });
  });

  it("that is right makes a connection, which starts nothing by itself", async () => {
    const { cookie, userId, connection } = await connected();
    expect(connection).toMatchObject({ provider: "formed", authType: "password", status: "active", account: { id: "account of ada" } });
    expect(await env.DB.prepare("SELECT count(*) AS n FROM syncs WHERE user_id = ?").bind(userId).first("n")).toBe(0);
    expect(await callJson<Connection>(`/api/v1/connections/${connection.id}`, { cookie })).toEqual(connection);
  });

  it("keeps its secrets to itself: no answer and no table has them", async () => {
    const { cookie, connection } = await connected();
    const answers = await Promise.all(
      ["/connections", `/connections/${connection.id}`, "/status", "/providers"].map(async (path) =>
        (await call(`/api/v1${path}`, { cookie })).text(),
      ),
    );
    const { results } = await env.DB.prepare("SELECT * FROM connections WHERE id = ?").bind(connection.id).all();
    expect([...answers, JSON.stringify(results)].filter((text) => text.includes(SECRET))).toEqual([]);
  });

  it.each([
    ["a wrong password", { user: "ada", password: "wrong" }, 422, "connection.refused"],
    ["a missing field", { user: "ada" }, 400, "request.invalid"],
    ["an empty field", { user: " ", password: SECRET }, 400, "request.invalid"],
    ["an unknown field", { user: "ada", password: SECRET, admin: "yes" }, 400, "request.invalid"],
  ])("with %s is refused, and nothing is kept", async (_what, fields, status, code) => {
    const { cookie, userId } = await signedIn();
    const answer = await connect(cookie, fields);
    expect([answer.status, await errorCode(answer)]).toEqual([status, code]);
    expect(await env.DB.prepare("SELECT count(*) AS n FROM connections WHERE user_id = ?").bind(userId).first("n")).toBe(0);
  });

  it("is not taken for a provider that is signed in to, nor a way that there is not", async () => {
    const { cookie } = await signedIn();
    const post = (json: object) => call("/api/v1/connections", { cookie, json });
    expect(await errorCode(await post({ provider: "onedrive", fields: { user: "ada" } }))).toBe("connection.unsupported");
    expect(await errorCode(await post({ provider: "formed", method: "telepathy", fields: {} }))).toBe("connection.unsupported");
    expect(await errorCode(await post({ provider: "nothing", fields: {} }))).toBe("connection.unsupported");
  });

  it("that is filled in again renews the connection, for the same account alone", async () => {
    const { cookie, connection } = await connected();
    const again = await connect(cookie, { user: "ada", password: SECRET, note: "new" }, { connectionId: connection.id });
    expect((await again.json<ConnectionBegun>()).connection?.id).toBe(connection.id);
    const other = await connect(cookie, { user: "bob", password: SECRET }, { connectionId: connection.id });
    expect([other.status, await errorCode(other)]).toEqual([409, "connection.other_account"]);
  });
});

describe("a connection by a form", () => {
  it("is tested thing by thing", async () => {
    const { cookie, connection } = await connected();
    const test = await callJson<ConnectionTest>(`/api/v1/connections/${connection.id}/test`, { method: "POST", cookie });
    expect(test).toMatchObject({ ok: false, message: "Searching is not allowed.", account: { label: "ada" } });
    expect(test.checks.map(({ name, ok }) => [name, ok])).toEqual([
      ["Account", true],
      ["Search", false],
    ]);
  });

  it("is browsed, and what is picked of it is kept, and nothing else", async () => {
    const { cookie, userId, connection } = await connected();
    const browse = (query = "") => callJson<BrowsePage>(`/api/v1/connections/${connection.id}/browse${query}`, { cookie });
    const [whole] = (await browse()).items;
    expect(whole).toMatchObject({ whole: true, feedId: drive.id, hasChildren: true });
    const { items } = await browse(`?parent=${whole?.id}&feed=${drive.id}`);
    expect(items.map(({ name, kind }) => [name, kind])).toEqual([
      ["docs", "folder"],
      ["music", "folder"],
    ]);
    const docs = items[0];
    const sync = await callJson<Sync>("/api/v1/syncs", {
      cookie,
      json: { connectionId: connection.id, selection: [{ feed: docs?.feedId, itemId: docs?.id, mode: "include" }] },
    });
    const stub = env.USER_SYNC.getByName(userId);
    const user = { userId, drive, stub, connectionId: connection.id, syncId: sync.id };
    await workOff(user);
    expect((await mirrorOf(user)).map(({ path }) => path)).toEqual(["/docs/a.txt"]);
  });

  it("cannot be searched where its provider has no search", async () => {
    const { cookie, connection } = await connected();
    const answer = await call(`/api/v1/connections/${connection.id}/browse?search=a`, { cookie });
    expect([answer.status, await errorCode(answer)]).toEqual([422, "connection.unsupported"]);
  });

  it("of another user is not there", async () => {
    const { connection } = await connected();
    const { cookie } = await signedIn();
    for (const path of [`/api/v1/connections/${connection.id}/browse`, `/api/v1/connections/${connection.id}`])
      expect((await call(path, { cookie })).status).toBe(404);
  });

  it("takes the options that its provider knows, and no others", async () => {
    const { cookie, connection } = await connected();
    const create = (providerOptions: object) =>
      call("/api/v1/syncs", { cookie, json: { connectionId: connection.id, schedule: { kind: "manual" }, options: { providerOptions } } });
    expect(await (await create({ format: "text" })).json()).toMatchObject({ options: { providerOptions: { format: "text" } } });
    for (const wrong of [{ format: "papyrus" }, { colour: "red" }]) {
      const answer = await create(wrong);
      expect([answer.status, await errorCode(answer)]).toEqual([400, "request.invalid"]);
    }
  });
});
