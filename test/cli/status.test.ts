import { describe, expect, it } from "vitest";
import { needsPerson } from "../../cli/attention.ts";
import { findSync } from "../../cli/find-sync.ts";
import type { Connection, Sync } from "../../worker/wire.ts";
import { connectionRecord, liveRecord, runRecord, syncRecord } from "./records.ts";

const messages = (connection: Partial<Connection>, sync: Parameters<typeof syncRecord>[0], live = liveRecord()) =>
  needsPerson({ connections: [connectionRecord(connection)], syncs: [{ id: "sync-1", name: "OneDrive", live }] }, [syncRecord(sync)]).map(
    ({ what, message }) => `${what}: ${message}`,
  );

describe("what needs a person", () => {
  it("is nothing where all goes by itself", () => {
    expect(messages({}, { stats: { failed: 3 }, lastRun: runRecord({ status: "incomplete" }) }, liveRecord({ waitingFor: { reason: "throttled", until: null } }))).toEqual([]); // prettier-ignore
  });

  it.each<[said: RegExp, connection: Partial<Connection>, sync: Parameters<typeof syncRecord>[0]]>([
    [/^connection: sign in again/, { status: "needs_reconnect" }, {}],
    [/^connection: is disconnected/, { status: "revoked" }, {}],
    [/^sync: 7 files are gone .* approve or discard/, {}, { stats: { held: 7 } }],
    [/^sync: 9 files changed at once/, {}, { alarm: { kind: "mass_change", since: "2026-01-01T00:00:00.000Z", files: 9 } }],
    [
      /^sync: the drive is on fire/,
      {},
      { lastRun: runRecord({ status: "failed", error: { code: "x.y", message: "the drive is on fire" } }) },
    ],
  ])("%s", (said, connection, sync) => {
    const [first, ...more] = messages(connection, sync);
    expect(first).toMatch(said);
    expect(more).toEqual([]);
  });

  it("is a quota that is used up, but not a disconnected account that nothing uses", () => {
    expect(messages({ status: "revoked" }, { connectionId: "other" }, liveRecord({ waitingFor: { reason: "quota", until: null } }))).toEqual(["sync: the quota is used up"]); // prettier-ignore
  });
});

describe("the sync that is meant", () => {
  const syncs: Sync[] = [
    syncRecord({ id: "one", name: "Work" }),
    syncRecord({ id: "two", name: "Home", labels: { "tidemark.dev/name": "Work" } }),
    syncRecord({ id: "three", name: "Twice" }),
    syncRecord({ id: "four", name: "twice" }),
    syncRecord({ id: "five", name: "Home", status: "deleting" }),
  ];

  it.each([
    ["one", "one"],
    ["Work", "two"],
    ["home", "two"],
    ["work", "one"],
  ])("by %s is %s", (meant, id) => {
    expect(findSync(syncs, meant).id).toBe(id);
  });

  it("is not guessed", () => {
    expect(() => findSync(syncs, "TWICE")).toThrow(/2 syncs .* three, four/);
    expect(() => findSync(syncs, "nothing")).toThrow(/no sync “nothing”.*“Work”/);
  });
});
