import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { headline, waterLevel } from "../../web/src/lib/headline.ts";
import type { Run, Sync, SyncStatus } from "../../worker/wire.ts";

const NOW = new Date(2026, 10, 20, 14, 40);
const AT = new Date(2026, 10, 20, 14, 32).toISOString();
const YESTERDAY = new Date(2026, 10, 19, 9, 5).toISOString();

const RUN: Run = {
  id: "run",
  syncId: "sync",
  type: "full",
  status: "running",
  trigger: "manual",
  phase: "downloading",
  createdAt: AT,
  startedAt: AT,
  finishedAt: null,
  progress: {
    discovered: 1000,
    pending: 600,
    stored: 400,
    skipped: 0,
    failed: 0,
    removed: 0,
    held: 0,
    changed: 0,
    bytes: 4_000_000,
    recent: [],
  },
  drift: null,
  error: null,
  usage: { providerRequests: 1, rowsWritten: 1, queueOperations: 1, storagePuts: 1 },
};

const SYNC: Sync = {
  id: "sync",
  connectionId: "connection",
  name: "OneDrive",
  mode: "content",
  schedule: { kind: "interval", minutes: 60 },
  labels: {},
  selection: [],
  filters: {},
  options: { deleteRemoved: true, retentionDays: 30, removalLimit: { share: 0.25, count: 1000 }, sentinel: null, providerOptions: {} },
  alarm: null,
  status: "active",
  nextRunAt: null,
  lastRun: null,
  upToDateAt: AT,
  stats: {
    items: 12,
    files: 10,
    stored: 10,
    failed: 0,
    skipped: 0,
    bytes: 5_000,
    sourceBytes: 5_000,
    excluded: 0,
    held: 0,
    versions: 0,
    versionBytes: 0,
  },
  createdAt: AT,
};

const LIVE: SyncStatus = {
  syncId: "sync",
  status: "active",
  upToDateAt: AT,
  checkedAt: AT,
  backlog: { files: 0, bytes: 0 },
  waitingFor: null,
  secondsLeft: null,
  filesPerSecond: 0,
  bytesPerSecond: 0,
  activeRun: null,
};

beforeAll(() => void vi.stubGlobal("navigator", { languages: ["en-GB"] }));
afterAll(() => void vi.unstubAllGlobals());

const title = (sync: Partial<Sync>, live: Partial<SyncStatus> = {}) =>
  headline({ ...SYNC, ...sync }, { ...LIVE, ...live }, NOW, "all").title;

describe("the sentence a sync says about itself", () => {
  test("everything is here, as of a moment of today or an earlier day", () => {
    expect(title({})).toBe("Everything the source had at 14:32 is here");
    expect(title({ selection: [{ itemId: "a", mode: "include" }] })).toBe("Everything chosen that the source had at 14:32 is here");
    expect(title({}, { upToDateAt: YESTERDAY })).toBe("Everything the source had yesterday at 09:05 is here");
  });

  test("it is verified only as far as the source lets it be", () => {
    const detail = (hashes: "all" | "some" | "none" | undefined) => headline(SYNC, LIVE, NOW, hashes).detail;
    expect(detail("all")).toMatch(/every byte agrees/i);
    expect(detail("some")).toMatch(/wherever it gives one/);
    expect(detail("none")).toMatch(/gives no hashes/);
    expect(detail(undefined)).not.toMatch(/verif|hash/i);
  });

  test("an empty drive is not called a success of copying", () => {
    expect(title({ stats: { ...SYNC.stats, files: 0, stored: 0, bytes: 0 } })).toBe("The source was empty at 14:32");
  });

  test("failed files come before everything else that is here", () => {
    expect(title({ stats: { ...SYNC.stats, failed: 1, stored: 9 } })).toBe("1 file could not be stored");
  });

  test("skipped files are not claimed", () => {
    expect(title({ stats: { ...SYNC.stats, skipped: 2, stored: 8 } })).toBe("Everything the source could hand out at 14:32 is here");
  });

  test("what is only listed is not claimed either", () => {
    expect(title({ mode: "metadata", stats: { ...SYNC.stats, stored: 0, bytes: 0 } })).toBe("Listed, not copied: 10 files");
  });

  test("a running sync says what it does and what is left", () => {
    expect(title({}, { activeRun: { ...RUN, status: "pending" } })).toBe("Starting");
    expect(title({ upToDateAt: null }, { upToDateAt: null, activeRun: { ...RUN, phase: "listing" } })).toBe(
      "Reading the source for the first time",
    );
    expect(title({}, { activeRun: { ...RUN, phase: "listing" } })).toBe("Looking for changes");
    expect(title({}, { activeRun: RUN, backlog: { files: 600, bytes: 6_000 } })).toBe("Copying: 600 files to go");
    const { detail } = headline(SYNC, { ...LIVE, activeRun: RUN, secondsLeft: 174 }, NOW, "all");
    expect(detail).toContain("About 3 minutes left");
  });

  test("waiting is named before the run that waits", () => {
    const until = new Date(2026, 10, 20, 14, 45).toISOString();
    expect(title({}, { activeRun: RUN, waitingFor: { reason: "throttled", until } })).toBe("Goes on at 14:45");
    expect(title({}, { activeRun: RUN, waitingFor: { reason: "reconnect", until: null } })).toBe("Waiting for you to reconnect");
    expect(title({}, { waitingFor: { reason: "retry", until } })).toBe("Trying again at 14:45");
  });

  test("a pause, a deletion and a failure are said", () => {
    expect(title({ status: "paused" }, { status: "paused" })).toBe("Paused");
    expect(title({ status: "deleting" }, { status: "deleting" })).toBe("Being deleted");
    const failed = { ...RUN, status: "failed" as const, error: { code: "provider.failed", message: "Microsoft did not answer." } };
    expect(headline({ ...SYNC, upToDateAt: null, lastRun: failed }, { ...LIVE, upToDateAt: null }, NOW, "all")).toMatchObject({
      tone: "bad",
      title: "The last run failed",
      detail: "Microsoft did not answer.",
    });
  });

  test("without a live status the last run tells whether one is going on", () => {
    expect(headline({ ...SYNC, lastRun: RUN }, undefined, NOW, undefined).tone).toBe("active");
  });
});

describe("the water stands as high as the share of files that is here", () => {
  test("full when everything is", () => expect(waterLevel(SYNC, LIVE)).toBe(1));
  test("full for an empty drive that was read, empty for one that was not", () => {
    const none = { ...SYNC, stats: { ...SYNC.stats, files: 0, stored: 0 } };
    expect(waterLevel(none, LIVE)).toBe(1);
    expect(waterLevel({ ...none, upToDateAt: null }, { ...LIVE, upToDateAt: null })).toBe(0);
  });
  test("the run's figures count while the sync's are older", () => {
    const begun = { ...SYNC, stats: { ...SYNC.stats, files: 0, stored: 0 } };
    expect(waterLevel(begun, { ...LIVE, activeRun: RUN, backlog: { files: 600, bytes: 1 } })).toBeCloseTo(0.4);
  });
});
