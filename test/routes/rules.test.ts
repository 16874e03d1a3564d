import { beforeAll, describe, expect, it } from "vitest";
import type { Item, Preview, Run, Sync, SyncStatus } from "../../worker/wire.ts";
import type { SelectedEntry } from "../../worker/wire/selected.ts";
import { Browser } from "../auth/browser.ts";

// A sync of a part of a OneDrive, as a person makes it through the API. What should be here is told by the source itself.

const account = `rules-${Date.now()}@contoso.example`;
const browser = new Browser();
let everything: Sync;

interface SourceFile {
  path: string;
  size: number;
  sha256: string;
}

beforeAll(async () => {
  const folders = ["/Projects/Alpha", "/Projects/Alpha/archive", "/Projects/Beta", "/Private/Projects"];
  const ops = folders.flatMap((folder, index) => [
    { op: "create", path: `${folder}/plan ${index}.pdf`, bytes: `plan ${index}` },
    { op: "create", path: `${folder}/notes ${index}.MD`, bytes: `notes ${index}` },
    { op: "create", path: `${folder}/draft.md`, bytes: "x" },
    { op: "create", path: `${folder}/film ${index}.md`, bytes: "long ".repeat(50) },
  ]);
  await sandbox("POST", `drives/${account}/mutate`, { ops });
  await browser.visit(`/auth/microsoft/login?login_hint=${account}`, (url) => url.pathname === "/app");
  everything = await until(
    async () => (await api<{ items: Sync[] }>("GET", "/syncs")).items[0],
    (sync) => sync?.lastRun?.status === "completed",
  );
}, 30_000);

async function sandbox<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`https://sandbox.test/_sandbox/${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

async function api<T>(method: string, path: string, body?: object): Promise<T> {
  const headers = { origin: "https://tidemark.example", "content-type": "application/json" };
  const response = await browser.fetch(`/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function until<T>(look: () => Promise<T>, good: (value: T) => boolean): Promise<NonNullable<T>> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const value = await look();
    if (good(value) && value !== null && value !== undefined) return value;
    await scheduler.wait(50);
  }
  throw new Error(`It did not come to that: ${JSON.stringify(await look())}`);
}

/** Every stored file of the sync, with its hash, by path. */
async function mirror(syncId: string, parent?: string): Promise<SourceFile[]> {
  const query = parent === undefined ? "" : `?parent=${encodeURIComponent(parent)}`;
  const { items } = await api<{ items: Item[] }>("GET", `/syncs/${syncId}/items${query}`);
  const below = await Promise.all(items.filter((item) => item.kind === "folder").map((folder) => mirror(syncId, folder.id)));
  const files = items.filter((item) => item.kind === "file" && item.state === "stored");
  return [...files.map(({ path, storedSize, sha256 }) => ({ path, size: storedSize ?? -1, sha256: sha256 ?? "" })), ...below.flat()].toSorted(byPath); // prettier-ignore
}

function byPath(one: { path: string }, other: { path: string }): number {
  return one.path < other.path ? -1 : 1;
}

async function source(isWanted: (file: SourceFile) => boolean): Promise<SourceFile[]> {
  const { files } = await sandbox<{ files: SourceFile[] }>("GET", `drives/${account}/tree?hash=true`);
  return files.map(({ path, size, sha256 }) => ({ path, size, sha256 })).filter(isWanted).toSorted(byPath); // prettier-ignore
}

describe("a sync of a part of a OneDrive", () => {
  const rules = {
    selection: [
      { path: "/Projects", mode: "include" },
      { path: "/Projects/Beta", mode: "exclude" },
    ],
    filters: { types: [".md"], exclude: ["draft*", "Projects/*/archive/**"], maxBytes: 100 },
  };
  const isWanted = ({ path, size }: SourceFile) => /^\/Projects\/Alpha\/(?!draft)[^/]*\.md$/i.test(path) && size <= 100;

  it("is told by a preview, and then mirrors exactly that", async () => {
    const preview = await api<Preview>("POST", "/syncs/preview", { connectionId: everything.connectionId, ...rules });
    const sync = await api<Sync>("POST", "/syncs", { connectionId: everything.connectionId, name: "Notes", schedule: { kind: "manual" }, ...rules }); // prettier-ignore
    expect(sync.selection.every((entry) => entry.itemId !== null)).toBe(true);
    const done = await until(
      () => api<Sync>("GET", `/syncs/${sync.id}`),
      ({ lastRun }) => lastRun?.status === "completed",
    );
    const told = await api<{ items: SelectedEntry[] }>("GET", `/syncs/${sync.id}/selection`);
    const projects = sync.selection[0]?.itemId;
    expect(told.items).toMatchObject([
      { itemId: projects, path: "/Projects", name: "Projects", mode: "include", above: [expect.any(String)] },
      { path: "/Projects/Beta", name: "Beta", mode: "exclude", above: [projects, expect.any(String)] },
    ]);
    expect(await mirror(sync.id)).toEqual(await source(isWanted));
    expect((await source(isWanted)).map(({ path }) => path)).toEqual(["/Projects/Alpha/notes 0.MD"]);
    expect(done.stats).toMatchObject({ files: 16, stored: preview.kept.files, excluded: 16 - preview.kept.files });

    await sandbox("POST", `drives/${account}/mutate`, { ops: [{ op: "move", path: "/Private/Projects", to: "/Projects" }] });
    const run = await api<Run>("POST", `/syncs/${sync.id}/run`, {});
    await until(
      () => api<SyncStatus>("GET", `/syncs/${sync.id}/status`),
      ({ activeRun }) => activeRun?.id !== run.id,
    );
    const moved = ({ path, size }: SourceFile) => isWanted({ path, size, sha256: "" }) || path === "/Projects/Projects/notes 3.MD";
    expect(await mirror(sync.id), "with what was moved into it").toEqual(await source(moved));
  });
});
