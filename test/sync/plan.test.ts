import { describe, expect, it } from "vitest";
import type { Change, Entry } from "../../worker/providers/provider.ts";
import { skippedNote } from "../../worker/sync/explain-words.ts";
import type { ItemRow } from "../../worker/sync/item.ts";
import { STORABLE_BYTES_MAX } from "../../worker/sync/item.ts";
import type { PlanInput } from "../../worker/sync/plan.ts";
import { planPage } from "../../worker/sync/plan.ts";
import { replan } from "../../worker/sync/replan.ts";
import { EVERYTHING } from "../../worker/sync/ruling.ts";

const NOW = 1_000_000;

function plan(changes: Change[], known: ItemRow[] = [], more: Partial<PlanInput> = {}) {
  let jobs = 0;
  return planPage({
    changes,
    known: new Map(known.map((row) => [row.remoteId, row])),
    liveJobs: new Set(),
    mode: "content",
    ruling: EVERYTHING,
    runId: "run",
    now: NOW,
    mintJobId: () => `job-${(jobs += 1)}`,
    ...more,
  });
}

function file(id: string, more: Partial<Entry> = {}): Change {
  return {
    type: "upsert",
    entry: {
      id,
      parentId: "root",
      kind: "file",
      name: `${id}.txt`,
      size: 3,
      hash: { algorithm: "sha1", value: "one" },
      modifiedAt: 5_000,
      ...more,
    },
  };
}

/** The row that planning made of a change, as if it had been written and its job had stored it. */
function storedRow(change: Change): ItemRow {
  const [row] = plan([change]).rows;
  if (!row) throw new Error("Nothing was planned.");
  return {
    ...row,
    state: "stored",
    pendingJob: null,
    storedId: "content",
    storedSize: row.size,
    storedHash: row.hash,
    storedTag: row.contentTag,
    storedSourceSize: row.size,
    storedModifiedAt: row.modifiedAt,
  };
}

describe("a new file", () => {
  it("is pending, with a job", () => {
    const { rows, jobs, stats, discovered } = plan([file("a")]);
    expect(rows).toMatchObject([{ remoteId: "a", state: "pending", pendingJob: "job-1", runId: "run" }]);
    expect(jobs).toMatchObject([{ id: "job-1", bytes: 3, files: [{ remoteId: "a", hash: "sha1:one" }] }]);
    expect(stats).toMatchObject({ items: 1, files: 1, stored: 0 });
    expect(discovered).toBe(1);
  });

  it.each<[string, Partial<Entry>, string]>([
    ["malware", { skip: "malware" }, "malware"],
    ["a notebook", { skip: "notebook" }, "notebook"],
    ["a file above the limit of one object", { size: STORABLE_BYTES_MAX + 1 }, "too_large"],
  ])("that is %s is skipped, with that reason and a line in the log", (_name, more, reason) => {
    const { rows, jobs, notes } = plan([file("a", more)]);
    expect(rows).toMatchObject([{ state: "skipped", reason }]);
    expect(jobs).toEqual([]);
    expect(notes).toMatchObject([{ message: skippedNote("a.txt", reason) }]);
  });

  it("is left out in metadata mode", () => {
    expect(plan([file("a")], [], { mode: "metadata" }).rows).toMatchObject([
      { state: "excluded", reason: "metadata_only", pendingJob: null },
    ]);
  });

  it("without a parent is unplaced, and still kept", () => {
    const entry: Entry = { id: "a", kind: "file", name: "a" };
    expect(plan([{ type: "upsert", entry }]).rows).toMatchObject([{ parentId: "", state: "pending" }]);
  });
});

describe("a known file", () => {
  const stored = storedRow(file("a"));

  it("that is reported as it is changes nothing", () => {
    expect(plan([file("a")], [stored])).toMatchObject({ rows: [], jobs: [], discovered: 0, present: ["a"] });
  });

  it("that was renamed or moved is one row, and no download", () => {
    const { rows, jobs } = plan([file("a", { name: "B.txt", parentId: "elsewhere" })], [stored]);
    expect(rows).toMatchObject([{ name: "B.txt", parentId: "elsewhere", state: "stored" }]);
    expect(jobs).toEqual([]);
  });

  it("with new content is pending, and its old content still counts as stored until then", () => {
    const { rows, jobs, stats } = plan([file("a", { hash: { algorithm: "sha1", value: "two" } })], [stored]);
    expect(rows).toMatchObject([{ state: "pending", storedId: "content" }]);
    expect(jobs).toHaveLength(1);
    expect(stats).toMatchObject({ items: 0, stored: -1, bytes: -3 });
  });

  it("whose hash vanishes is compared by what is left, never by the old hash", () => {
    const { hash: _, ...without } = (file("a") as Extract<Change, { type: "upsert" }>).entry;
    expect(plan([{ type: "upsert", entry: without }], [stored]).jobs).toEqual([]);
    expect(plan([{ type: "upsert", entry: { ...without, modifiedAt: 9_000 } }], [stored]).jobs).toHaveLength(1);
  });

  it("that comes back after its removal with the content that is kept is stored, without a download", () => {
    const { rows, jobs, stats } = plan([file("a")], [{ ...stored, state: "removed" }]);
    expect(rows).toMatchObject([{ state: "stored" }]);
    expect(jobs).toEqual([]);
    expect(stats).toMatchObject({ items: 1, stored: 1, bytes: 3 });
  });
});

describe("a pending file that is reported again", () => {
  const [pending] = plan([file("a")]).rows as [ItemRow];

  it("keeps its job while the ledger has it", () => {
    expect(plan([file("a", { name: "new name" })], [pending], { liveJobs: new Set(["job-1"]) })).toMatchObject({
      rows: [{ pendingJob: "job-1", name: "new name" }],
      jobs: [],
    });
  });

  it("gets a new one where the ledger has not: a crash came between", () => {
    const { rows, jobs } = plan([file("a")], [pending], { mintJobId: () => "other" });
    expect(rows).toMatchObject([{ pendingJob: "other" }]);
    expect(jobs).toHaveLength(1);
  });

  it("gets a new one where the content is another", () => {
    const { rows } = plan([file("a", { hash: { algorithm: "sha1", value: "two" } })], [pending], {
      liveJobs: new Set(["job-1"]),
      mintJobId: () => "other",
    });
    expect(rows).toMatchObject([{ pendingJob: "other" }]);
  });
});

describe("a failed file", () => {
  const [pending] = plan([file("a")]).rows as [ItemRow];
  const failed: ItemRow = { ...pending, state: "failed", reason: "transient", pendingJob: null, attempts: 4, nextAttemptAt: NOW + 1 };

  it("that is reported as it is waits for its next attempt", () => {
    expect(plan([file("a")], [failed])).toMatchObject({ rows: [], jobs: [] });
  });

  it("is queued when its time has come", () => {
    expect(plan([file("a")], [{ ...failed, nextAttemptAt: NOW }]).jobs).toHaveLength(1);
  });

  it("is queued at once when its content is another", () => {
    expect(plan([file("a", { hash: { algorithm: "sha1", value: "two" } })], [failed]).rows).toMatchObject([
      { state: "pending", attempts: 0 },
    ]);
  });

  it("is queued as if for the first time when a person asks", () => {
    const terms = {
      liveJobs: new Set<string>(),
      mode: "content" as const,
      ruling: EVERYTHING,
      drops: "exclude" as const,
      afresh: false,
      runId: "run",
      now: NOW,
      mintJobId: () => "job",
    };
    expect(replan([failed], { ...terms, retryBefore: NOW }).rows).toEqual([]);
    expect(replan([failed], { ...terms, retryBefore: Infinity }).rows).toMatchObject([
      { state: "pending", attempts: 0, pendingJob: "job" },
    ]);
  });
});

describe("a page", () => {
  it("means the last that it says of an id", () => {
    const { rows, removals } = plan([file("a", { name: "first" }), { type: "removal", id: "b" }, file("a", { name: "last" }), file("b")]);
    expect(rows.map((row) => row.name)).toEqual(["last", "b.txt"]);
    expect(removals).toEqual([]);
    expect(plan([file("b"), { type: "removal", id: "b" }])).toMatchObject({ rows: [], removals: ["b"] });
  });

  it("with an entry that cannot be read says so, and goes on", () => {
    const { rows, notes, malformed } = plan([
      { type: "malformed", id: "x", reason: "no name" },
      { type: "malformed", reason: "no id" },
      file("a"),
    ]);
    expect(rows).toMatchObject([{ remoteId: "x", state: "failed", reason: "malformed" }, { remoteId: "a" }]);
    expect(notes).toHaveLength(2);
    expect(malformed).toBe(2);
  });

  it("is bundled into jobs of at most 64 files and 64 MiB", () => {
    expect(plan(Array.from({ length: 120 }, (_, n) => file(`f${n}`))).jobs.map((job) => job.files.length)).toEqual([64, 56]);
    const large = plan([file("a", { size: 40 << 20 }), file("b", { size: 40 << 20 }), file("c", { size: 100 << 20 }), file("d")]);
    expect(large.jobs.map((job) => job.files.map((each) => each.remoteId))).toEqual([["a"], ["b"], ["c"], ["d"]]);
    const wordy = plan(
      Array.from({ length: 50 }, (_, n) => file(`f${n}`, { download: { url: `https://x.example/${"q".repeat(5_000)}`, at: NOW } })),
    );
    expect(wordy.jobs.length).toBeGreaterThan(2);
  });
});
