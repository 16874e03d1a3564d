import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { Preview, PreviewRequest } from "../../worker/wire.ts";
import { filesOf } from "../support/catalogue.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, settled } from "../support/memory-user.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedConnection, seedSession, seedSync } from "./seed.ts";

// What a change of the rules would do, and that it does just that.

const FILES = 60;

async function createUser(): Promise<MemoryUser> {
  const user = await createMemoryUser((drive) => {
    for (let n = 0; n < FILES; n += 1) drive.put(`/${n % 2 ? "odd" : "even"}/${n}.${n % 3 ? "txt" : "pdf"}`, "x".repeat(n));
  });
  await settled(user);
  return user;
}

let user: MemoryUser;
let cookie: string;

beforeAll(async () => {
  user = await createUser();
  cookie = await seedSession(user.userId);
});

const preview = (rules: PreviewRequest = {}) => callJson<Preview>(`/api/v1/syncs/${user.syncId}/preview`, { cookie, json: rules });

describe("a preview", () => {
  it("of the rules as they are changes nothing", async () => {
    expect(await preview()).toMatchObject({
      total: { files: FILES, bytes: 1770 },
      kept: { files: FILES, bytes: 1770 },
      leftOut: [],
      change: { added: { files: 0 }, dropped: { files: 0 }, unchanged: { files: FILES }, held: false },
    });
  });

  it("names what would be left out by reason, with ten paths at most, and asks the source nothing", async () => {
    const requests = { ...user.drive.requests };
    const told = await preview({
      selection: [
        { itemId: null, path: "/even", mode: "include" },
        { itemId: null, path: "/nowhere", mode: "include" },
      ],
      filters: { types: ["txt"], maxBytes: 40 },
    });
    expect(told.leftOut.map(({ reason, files }) => [reason, files])).toEqual([
      ["not_selected", 30],
      ["type", 10],
      ["size", 6],
    ]);
    expect(told.leftOut.map(({ samples }) => samples.length)).toEqual([10, 10, 6]);
    expect(told.leftOut[2]?.samples.toSorted()).toEqual(["/even/44.txt", "/even/46.txt", "/even/50.txt", "/even/52.txt", "/even/56.txt", "/even/58.txt"]); // prettier-ignore
    expect(told.unknownPaths).toEqual(["/nowhere"]);
    expect(told.kept.files + told.leftOut.reduce((sum, { files }) => sum + files, 0)).toBe(told.total.files);
    expect(user.drive.requests).toEqual(requests);
  });

  it("says when the change would wait for a decision", async () => {
    expect((await preview({ filters: { types: ["txt"] } })).change).toMatchObject({ dropped: { files: 20 }, held: true });
    expect((await preview({ filters: { exclude: ["even/*.pdf"] } })).change).toMatchObject({ dropped: { files: 10 }, held: false });
  });

  it("tells what the change then does, there and back", async () => {
    const filters = { exclude: ["even/*.pdf"], maxBytes: 55 };
    const narrowed = await preview({ filters });
    unwrap(await user.stub.updateSync(user.syncId, { filters }));
    await settled(user);
    expect((await mirrorOf(user)).length).toBe(narrowed.kept.files);
    const states = Object.values(await filesOf(user));
    for (const { reason, files } of narrowed.leftOut) expect(states.filter((state) => state === `excluded: ${reason}`)).toHaveLength(files);
    expect(narrowed.change?.dropped.files).toBe(FILES - narrowed.kept.files);

    const widened = await preview({ filters: {} });
    expect(widened.change).toMatchObject({ added: narrowed.change?.dropped, fetched: { files: 0 }, dropped: { files: 0 } });
    const opened = user.drive.opened.length;
    unwrap(await user.stub.updateSync(user.syncId, { filters: {} }));
    await settled(user);
    expect((await mirrorOf(user)).length).toBe(widened.kept.files);
    expect(user.drive.opened.length - opened).toBe(widened.change?.fetched.files);
  });
});

describe("a preview of a new sync", () => {
  const previewNew = (body: object, as = cookie) => call("/api/v1/syncs/preview", { cookie: as, json: body });

  it("is told from what another sync of the connection knows", async () => {
    const response = await previewNew({ connectionId: user.connectionId, filters: { types: [".PDF"] } });
    expect(await response.json()).toMatchObject({
      syncId: user.syncId,
      kept: { files: 20 },
      leftOut: [{ reason: "type", files: 40 }],
      change: null,
    });
  });

  it("needs metadata, and says how to get it", async () => {
    const connectionId = await seedConnection(user.userId);
    const unlisted = await previewNew({ connectionId });
    expect(unlisted.status).toBe(409);
    const { error } = await unlisted.json<{ error: { code: string; message: string } }>();
    expect(error.code).toBe("preview.no_metadata");
    expect(error.message).toContain("“metadata”");
    const syncId = await seedSync({ userId: user.userId, connectionId });
    expect((await call(`/api/v1/syncs/${syncId}/preview`, { cookie, json: {} })).status).toBe(409);
  });
});

describe("what cannot be previewed", () => {
  it("is another user's: it is not there", async () => {
    const stranger = await seedSession((await createUser()).userId);
    const sync = await call(`/api/v1/syncs/${user.syncId}/preview`, { cookie: stranger, json: {} });
    expect([sync.status, await errorCode(sync)]).toEqual([404, "sync.not_found"]);
    const connection = await call("/api/v1/syncs/preview", { cookie: stranger, json: { connectionId: user.connectionId } });
    expect([connection.status, await errorCode(connection)]).toEqual([404, "connection.not_found"]);
  });

  it.each(["[z-a]", "{a,b", "(x"])("is the glob %s, wherever it is given: the answer says what is wrong with it", async (glob) => {
    const bodies: [string, string, object][] = [
      ["POST", `/api/v1/syncs/${user.syncId}/preview`, { filters: { include: [glob] } }],
      ["PATCH", `/api/v1/syncs/${user.syncId}`, { filters: { exclude: ["*.txt", glob] } }],
      ["POST", "/api/v1/syncs", { connectionId: user.connectionId, filters: { exclude: [glob] } }],
    ];
    for (const [method, path, json] of bodies) {
      const response = await call(path, { method, cookie, json });
      expect(response.status).toBe(400);
      expect((await response.json<{ error: { message: string } }>()).error.message).toContain(`“${glob}” is not a glob`);
    }
  });
});
