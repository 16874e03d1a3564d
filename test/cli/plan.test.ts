import { describe, expect, it } from "vitest";
import type { Api } from "../../cli/api.ts";
import { ApiError } from "../../cli/api.ts";
import { carryOut } from "../../cli/file/carry-out.ts";
import { exportFile, toYaml } from "../../cli/file/export.ts";
import { parseFile } from "../../cli/file/parse.ts";
import type { Actual, Step } from "../../cli/file/plan.ts";
import { planOf } from "../../cli/file/plan.ts";
import { showPlan } from "../../cli/file/show.ts";
import type { Sync } from "../../worker/wire.ts";
import { sync as syncShape, syncCreate } from "../../worker/wire.ts";
import { mergeOptions, toFilters } from "../../worker/sync/given-rules.ts";
import { DEFAULT_OPTIONS } from "../../worker/sync/rules.ts";
import { connectionRecord, syncRecord } from "./records.ts";

const HEAD = `version: 1
connections:
  work: { provider: onedrive, account: Alice@Contoso.example }
syncs:
`;
const FULL = `${HEAD}  documents:
    connection: work
    name: My documents
    mode: metadata
    selection: [{ path: /Documents, mode: include }, { path: /Documents/Old, mode: exclude }]
    filters: { types: [.PDF, docx], rules: [{ maxBytes: 5, types: [mov] }], modifiedAfter: 2026-01-01T00:00:00Z }
    schedule: { kind: cron, cron: "0 3 * * *" }
    options: { retentionDays: 90, removalLimit: { count: 10 } }
    labels: { team: legal }
`;

const none: Actual = { connections: [connectionRecord()], syncs: [] };
const own = (name: string, given: Partial<Sync> = {}) =>
  syncRecord({ name, ...given, labels: { "tidemark.dev/name": name, ...given.labels } });

function plan(text: string, actual: Partial<Actual> = {}, prune = false) {
  return planOf(parseFile(text, "tidemark.yaml").file, { ...none, ...actual }, { prune });
}

/** What the API keeps of a sync that is made from a step's fields. */
function made(step: Step | undefined): Sync {
  if (step?.action !== "create") throw new Error("It is not made.");
  const { filters, options, selection, name, ...fields } = syncCreate.parse(step.fields);
  const { modifiedAfter, modifiedBefore, ...rest } = toFilters(filters);
  const instants = Object.entries({ modifiedAfter, modifiedBefore }).flatMap(([key, at]) =>
    at === undefined ? [] : [[key, new Date(at).toISOString()]],
  );
  // The ids of the paths were found meanwhile.
  const found = selection.map((entry) => ({ ...entry, itemId: `id of ${entry.path}` }));
  const record = syncRecord({ ...fields, name: name ?? "", selection: found, filters: { ...rest, ...Object.fromEntries(instants) }, options: mergeOptions(DEFAULT_OPTIONS, options) }); // prettier-ignore
  return syncShape.parse(JSON.parse(JSON.stringify(record)));
}

describe("a plan", () => {
  it("makes what is not there, and then has nothing more to do", () => {
    const first = plan(FULL);
    expect(first.problems).toEqual([]);
    expect(first.plan.steps).toMatchObject([{ action: "create", name: "documents", fields: { connectionId: "connection-1", labels: { team: "legal", "tidemark.dev/name": "documents" } } }]); // prettier-ignore
    const second = plan(FULL, { syncs: [made(first.plan.steps[0])] });
    expect(second).toEqual({ plan: { steps: [], unchanged: ["documents"], left: [] }, problems: [] });
  });

  it("sends only the fields that differ, and names each difference", () => {
    const sync = made(plan(FULL).plan.steps[0]);
    const changed = FULL.replace("docx", "xlsx").replace("/Documents/Old", "/Documents/New").replace("{ team: legal }", "{}").replace("count: 10", "count: 20"); // prettier-ignore
    const { steps } = plan(changed, { syncs: [sync] }).plan;
    expect(steps).toMatchObject([{ action: "change", syncId: "sync-1" }]);
    const [step] = steps;
    if (step?.action !== "change") throw new Error("It is not changed.");
    expect(Object.keys(step.change).toSorted()).toEqual(["filters", "labels", "options", "selection"]);
    expect(step.change.options).toMatchObject({ retentionDays: 90, removalLimit: { share: 0.25, count: 20 } });
    expect(step.changes).toEqual([
      { field: "labels.team", before: "legal", after: undefined },
      { field: "selection./Documents/Old", before: "exclude", after: undefined },
      { field: "filters.types", before: ["pdf", "docx"], after: ["pdf", "xlsx"] },
      { field: "options.removalLimit.count", before: 10, after: 20 },
      { field: "selection./Documents/New", before: undefined, after: "exclude" },
    ]);
  });

  it("takes back what the file no longer says", () => {
    const sync = own("a", { mode: "metadata", filters: { types: ["pdf"] }, options: { ...DEFAULT_OPTIONS, sentinel: "/here" } });
    const [step] = plan(`${HEAD}  a: { connection: work }\n`, { syncs: [sync] }).plan.steps;
    expect(step).toMatchObject({ change: { mode: "content", filters: {}, options: { sentinel: null } } });
  });

  it("does not care in which order a selection is, nor whether its paths were found", () => {
    const sync = made(plan(FULL).plan.steps[0]);
    expect(plan(FULL, { syncs: [{ ...sync, selection: sync.selection.toReversed() }] }).plan.steps).toEqual([]);
  });

  it("deletes only with --prune, and only what is the file's own", () => {
    const syncs = [
      own("gone", { id: "sync-2" }),
      syncRecord({ id: "sync-3", name: "by hand" }),
      own("going", { id: "sync-4", status: "deleting" }),
    ];
    const text = `${HEAD}  a: { connection: work }\n`;
    expect(plan(text, { syncs }).plan).toMatchObject({ steps: [{ action: "create" }], left: ["gone"] });
    const { steps, left } = plan(text, { syncs }, true).plan;
    expect([steps.slice(1), left]).toEqual([[{ action: "delete", name: "gone", syncId: "sync-2" }], []]);
  });

  it("makes anew what is to have another connection", () => {
    const connections = [connectionRecord(), connectionRecord({ id: "connection-2", label: "home", account: { id: "2", email: null } })];
    const text = `${HEAD.replace("account: Alice@Contoso.example", "label: home")}  a: { connection: work }\n`;
    expect(plan(text, { connections, syncs: [own("a")] }, true).plan.steps).toMatchObject([
      { action: "create", fields: { connectionId: "connection-2" } },
      { action: "delete", syncId: "sync-1" },
    ]);
  });

  it("adopts a sync that was made by hand, once", () => {
    const text = `${HEAD}  a: { connection: work, adopt: sync-1, name: OneDrive }\n`;
    const { steps } = plan(text, { syncs: [syncRecord()] }).plan;
    expect(steps).toMatchObject([{ action: "change", syncId: "sync-1", change: { labels: { "tidemark.dev/name": "a" } } }]);
    expect(plan(text, { syncs: [own("a", { name: "OneDrive" })] }).plan.steps).toEqual([]);
  });

  it.each<[what: string, text: string, actual: Partial<Actual>, said: string]>([
    ["an account that is not connected", HEAD.replace("Alice@", "bob@"), {}, "there is no such connection"],
    [
      "a form's connection that is not there",
      "version: 1\nconnections:\n  dav: { provider: webdav, method: password, fields: {} }\n",
      {},
      "is not connected, and this release cannot",
    ],
    [
      "an account that two connections have",
      HEAD,
      { connections: [connectionRecord(), connectionRecord({ id: "connection-2" })] },
      "2 connections fit",
    ],
    [
      "two syncs of one name",
      `${HEAD}  a: { connection: work }\n`,
      { syncs: [own("a"), own("a", { id: "sync-2" })] },
      "there are 2 syncs of this name",
    ],
    ["a sync to adopt that is not there", `${HEAD}  a: { connection: work, adopt: nothing }\n`, {}, "there is no sync nothing"],
    [
      "one sync adopted twice",
      `${HEAD}  a: { connection: work, adopt: sync-1 }\n  b: { connection: work, adopt: sync-1 }\n`,
      { syncs: [syncRecord()] },
      "is the same sync",
    ],
    [
      "one of another connection",
      `${HEAD}  a: { connection: work, adopt: sync-1 }\n`,
      { syncs: [syncRecord({ connectionId: "connection-2" })] },
      "is of another connection",
    ],
    [
      "another one beside its own",
      `${HEAD}  a: { connection: work, adopt: sync-2 }\n`,
      { syncs: [own("a"), syncRecord({ id: "sync-2" })] },
      "is the sync sync-1 already",
    ],
  ])("with %s is none", (_, text, actual, said) => {
    const syncs = text.endsWith("syncs:\n") ? `${text}  {}\n` : text;
    expect(plan(syncs, actual).problems).toMatchObject([{ message: expect.stringContaining(said) as string }]);
  });

  it("takes a form's connection for the one with its name as the label", () => {
    const connections = [connectionRecord({ id: "dav-1", provider: "webdav", label: "dav" })];
    const text =
      "version: 1\nconnections:\n  dav: { provider: webdav, method: password, fields: { password: { env: X } } }\nsyncs:\n  a: { connection: dav }\n";
    expect(plan(text, { connections }).plan.steps).toMatchObject([{ fields: { connectionId: "dav-1" } }]);
  });

  it("is shown field by field", () => {
    const text = `${HEAD}  a: { connection: work, mode: metadata, labels: { team: legal } }\n`;
    const shown = showPlan(
      plan(text, { syncs: [own("a", { labels: { team: "sales", old: "x" } }), own("b", { id: "sync-2" })] }, true).plan,
    );
    expect(shown).toEqual([
      "~ change “a”",
      '    mode: "content" → "metadata"',
      '    labels.team: "sales" → "legal"',
      '    labels.old: "x" → (none)',
      "- delete “b”, and erase what it kept",
      "0 to create, 1 to change, 1 to delete, 0 as they should be.",
    ]);
  });
});

describe("what is exported", () => {
  const connections = [
    connectionRecord(),
    connectionRecord({ id: "connection-2", label: "Bob: home/away", account: { id: "b", email: null } }),
  ];
  const syncs = [
    syncRecord({ id: "sync-1", name: "OneDrive" }),
    syncRecord({ id: "sync-2", name: "OneDrive", connectionId: "connection-2", mode: "metadata" }),
    own("documents", { id: "sync-3", name: "My documents", selection: [{ path: "/a", itemId: "x", mode: "include" }, { itemId: "y", mode: "exclude" }] }), // prettier-ignore
    own("gone", { id: "sync-4", status: "deleting" }),
  ];

  it("can be read again, and changes nothing but whose the syncs are", () => {
    const text = toYaml(exportFile({ connections, syncs }));
    const { plan: again, problems } = plan(text, { connections, syncs }, true);
    expect(problems).toEqual([]);
    expect(again.unchanged).toEqual(["documents"]);
    expect(again.steps.map((step) => (step.action === "change" ? [step.syncId, step.changes.map(({ field }) => field)] : step))).toEqual([
      ["sync-1", ["labels.tidemark.dev/name"]],
      ["sync-2", ["labels.tidemark.dev/name"]],
    ]);
  });

  it("says no more than has to be said", () => {
    expect(toYaml(exportFile({ connections: connections.slice(0, 1), syncs: syncs.slice(0, 1) }))).toBe(`version: 1
connections:
  alice-contoso.example:
    provider: onedrive
    account: alice@contoso.example
syncs:
  OneDrive:
    connection: alice-contoso.example
    adopt: sync-1
`);
  });
});

describe("carrying a plan out", () => {
  const steps = ["a", "b", "c"].map((name) => ({ action: "delete" as const, name, syncId: name }));
  const failing = (error: ApiError) => {
    const gone: string[] = [];
    const deleteSync = async (id: string) => {
      if (id === "b") throw error;
      gone.push(id);
    };
    return { gone, api: { deleteSync } as Partial<Api> as Api };
  };

  it("goes on after a step that was refused, and says which that was", async () => {
    const { api, gone } = failing(new ApiError("sync.not_found", "There is no such sync.", 404));
    const outcome = await carryOut(api, steps, () => undefined);
    expect(gone).toEqual(["a", "c"]);
    expect(outcome).toMatchObject({
      done: [{ name: "a" }, { name: "c" }],
      failed: [{ step: { name: "b" }, code: "sync.not_found" }],
      left: [],
    });
  });

  it.each([0, 401, 403, 429, 500])("ends where the others would fare no better: %i", async (status) => {
    const { api, gone } = failing(new ApiError("x.y", "No.", status));
    const outcome = await carryOut(api, steps, () => undefined);
    expect(gone).toEqual(["a"]);
    expect(outcome).toMatchObject({ done: [{ name: "a" }], failed: [{ step: { name: "b" } }], left: [{ name: "c" }] });
  });
});
