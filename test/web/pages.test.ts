import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { syncCommands, type CommandContext } from "../../web/src/lib/commands.ts";
import { cronWords } from "../../web/src/lib/cron-words.ts";
import { toFilters, toValues } from "../../web/src/lib/filter-fields.ts";
import { placeOf } from "../../web/src/lib/navigation.ts";
import { attentionOf, summaryOf, totalsOf } from "../../web/src/lib/overview.ts";
import { differencesOf, follows } from "../../web/src/lib/receipts.ts";
import { niceTop } from "../../web/src/lib/scale.ts";
import type { Connection, SignedReceipt, Sync, SyncStatus } from "../../worker/wire.ts";

beforeAll(() => void vi.stubGlobal("navigator", { languages: ["en-GB"] }));
afterAll(() => void vi.unstubAllGlobals());

const NOW = new Date(2026, 10, 28, 14, 40);
const at = (hour: number) => new Date(2026, 10, 28, hour).toISOString();
const STATS = { items: 12, files: 10, stored: 10, failed: 0, skipped: 0, excluded: 0, held: 0, bytes: 5_000, sourceBytes: 5_000, versions: 0, versionBytes: 0 }; // prettier-ignore
const sync = (id: string, change: object = {}) =>
  ({ id, name: `Sync ${id}`, connectionId: `c${id}`, mode: "content", status: "active", alarm: null, lastRun: null, upToDateAt: at(14), stats: STATS, ...change }) as unknown as Sync; // prettier-ignore
const connection = (id: string, status: Connection["status"] = "active") => ({ id, label: `Account ${id}`, status }) as Connection;
const status = (change: Partial<SyncStatus>) =>
  ({ status: "active", upToDateAt: null, waitingFor: null, activeRun: null, backlog: { files: 0, bytes: 0 }, ...change }) as SyncStatus;

describe("what the overview says", () => {
  const say = (syncs: Sync[], statuses = new Map<string, SyncStatus>(), waits = 0) => summaryOf(syncs, statuses, waits, NOW);

  test("is one number and one sentence, as of the source that is furthest behind", () => {
    expect(say([sync("a"), sync("b", { upToDateAt: at(9) })])).toMatchObject({
      number: "10 kB",
      safe: "safe in 20 files",
      stands: "Your 2 sources are here as of 09:00.",
      tone: "good",
      level: 1,
    });
  });

  test("claims nothing of a source that was never read to its end, nor of one that is paused", () => {
    expect(say([sync("a"), sync("b", { upToDateAt: null })]).stands).toBe("The first run has not finished.");
    expect(say([sync("a", { status: "paused" })]).stands).toMatch(/^Paused/);
    expect(say([sync("a"), sync("b", { status: "paused", upToDateAt: null })]).stands).toBe("Your source is here as of 14:00.");
  });

  test("puts what needs somebody before all else", () => {
    expect(say([sync("a")], new Map(), 2)).toMatchObject({ tone: "warn", stands: "2 things need you." });
  });

  test("counts what is held, which is still here, and leaves out what the rules leave out, unless there is but a list", () => {
    const held = sync("a", { stats: { ...STATS, stored: 4, held: 6 } });
    expect(say([held]).safe).toBe("safe in 10 files");
    const ruled = sync("b", { stats: { ...STATS, files: 25, excluded: 15 } });
    expect(totalsOf([held, ruled], new Map())).toMatchObject({ files: 20, stored: 20 });
    const listed = sync("c", { mode: "metadata", stats: { ...STATS, stored: 0, excluded: 10 } });
    expect(totalsOf([listed], new Map())).toMatchObject({ files: 10, stored: 0 });
  });

  test("does not call what is only listed safe", () => {
    expect(say([sync("a", { mode: "metadata", stats: { ...STATS, stored: 0, bytes: 0 } })]).safe).toBe("10 files listed, none copied yet");
  });
});

describe("what needs somebody", () => {
  const found = (syncs: Sync[], connections: Connection[] = [], statuses = new Map<string, SyncStatus>()) =>
    attentionOf({ syncs, connections }, statuses).map(({ id }) => id);

  test("is an alarm, a refused sign-in, held files, a full storage, a failed run and failed files, in this order", () => {
    const syncs = [
      sync("f", { stats: { ...STATS, failed: 1 } }),
      sync("r", { lastRun: { id: "run", status: "failed", error: { code: "x", message: "No." } } }),
      sync("q"),
      sync("h", { stats: { ...STATS, held: 3 } }),
      sync("m", { alarm: { kind: "mass_change", since: at(9), files: 60 } }),
    ];
    const statuses = new Map([["q", status({ waitingFor: { reason: "quota", until: null } })]]);
    expect(found(syncs, [connection("c", "needs_reconnect")], statuses)).toEqual([
      "alarm m",
      "reconnect c",
      "held h",
      "quota q",
      "run r",
      "failed f",
    ]);
  });

  test("is said once: a run that failed for a refused sign-in is healed by signing in", () => {
    const failed = sync("a", { lastRun: { id: "run", status: "failed", error: { code: "x", message: "No." } } });
    expect(found([failed], [connection("ca", "needs_reconnect")])).toEqual(["reconnect ca"]);
  });

  test("is nothing where all is well", () => {
    expect(found([sync("a")], [connection("ca")])).toEqual([]);
  });
});

test.each([
  ["0 3 * * *", "At 03:00, every day"],
  ["30 6 * * 1-5", "At 06:30, from Monday to Friday"],
  ["0 8,20 * * 0,6", "At 08:00 and 20:00, on Sunday and Saturday"],
  ["15 * * * *", "Every hour at minute 15, every day"],
  ["*/10 * * * *", "Every 10 minutes, every day"],
  ["5 */6 * * *", "Every 6 hours at minute 5, every day"],
  ["0 3 1 * *", "At 03:00, on day 1 of each month"],
  ["0 3 1 * 1", null],
  ["0 3 * 2 *", null],
  ["61 3 * * *", null],
  ["nonsense", null],
])("cron %j is “%s”", (expression, words) => {
  expect(cronWords(expression)).toBe(words);
});

describe("filters in a form", () => {
  test("come out as they went in, those too that the form has no field for", () => {
    const filters = {
      types: ["pdf"],
      excludeTypes: ["tmp"],
      include: ["Finance/**"],
      exclude: ["~$*", "a b.txt"],
      rules: [{ types: ["mp4"], maxBytes: 5 }],
      maxBytes: 1_234_567,
      modifiedAfter: "2026-01-01T10:20:30.000Z",
      modifiedBefore: "2026-11-01T00:00:00.000Z",
    };
    expect(toFilters(toValues(filters), filters)).toEqual(filters);
    expect(toFilters(toValues({}), {})).toEqual({});
    expect(toValues({ maxBytes: 2_000_000_000 })).toMatchObject({ maxSize: "2", maxUnit: "GB" });
  });

  test("take types with dots and in capitals, each once, and days of the reader's calendar", () => {
    const filters = toFilters({ ...toValues({}), types: "PDF, .docx *.pdf", maxSize: "1,5", modifiedAfter: "2026-11-28" }, {});
    expect(filters).toEqual({ types: ["pdf", "docx"], maxBytes: 1_500_000, modifiedAfter: new Date(2026, 10, 28).toISOString() });
  });
});

describe("two receipts", () => {
  const receipt = (bytes: number, previous: string | null) =>
    ({ bytes, previous, counts: { files: 1, failed: 0 }, digest: { entries: 2, root: "r" } }) as unknown as SignedReceipt["receipt"];

  test("are told apart figure by figure, and follow on each other where the later one names the earlier", async () => {
    const before = receipt(1, null);
    const canonical = '{"bytes":1,"counts":{"failed":0,"files":1},"digest":{"entries":2,"root":"r"},"previous":null}';
    const after = receipt(3, createHash("sha256").update(canonical).digest("hex"));
    expect(differencesOf(before, after)).toEqual([
      { name: "files", before: 1, after: 1 },
      { name: "bytes", before: 1, after: 3 },
      { name: "entries", before: 2, after: 2 },
    ]);
    expect(await follows(before, after)).toBe(true);
    expect(await follows(receipt(2, null), after)).toBe(false);
  });
});

test.each([
  ["/app", "/app"],
  ["/app/syncs/a", "/app"],
  ["/app/syncs/a/files", "/app/files"],
  ["/app/activity", "/app/activity"],
  ["/app/settings/tokens", "/app/settings"],
  ["/app/activities", "/app"],
])("%s is of %s", (path, place) => {
  expect(placeOf(path)).toBe(place);
});

test("a sync that is being deleted has no commands, a paused one can only be resumed", () => {
  const context = { statuses: new Map() } as unknown as CommandContext;
  const ids = (change: object) => syncCommands(sync("a", change), context).map(({ id }) => id.split(" ")[0]);
  expect(ids({ status: "deleting" })).toEqual([]);
  expect(ids({ status: "paused" })).toEqual(["open", "files", "resume"]);
  expect(ids({})).toEqual(["open", "files", "run", "pause"]);
});

test("an axis ends at a round number that is not below what is shown", () => {
  expect([0, 1, 1.3e6, 2.4, 9, 999].map(niceTop)).toEqual([1, 1, 2e6, 2.5, 10, 1000]);
});
