import { afterAll, beforeAll, expect, it } from "vitest";
import { parseReceipt, verifyListing, verifySignature } from "../../scripts/receipt/verify.ts";
import { headline } from "../../web/src/lib/headline.ts";
import type { Sync, SyncStatus } from "../../web/src/lib/wire.ts";
import { readEvents } from "../routes/read-events.ts";
import type { Client, Item, Run } from "./support/client.ts";
import { commotion } from "./support/commotion.ts";
import { objectsNobodyKnows } from "./support/local-state.ts";
import { faultName, stormWeather } from "./support/storm-weather.ts";
import { Tidemark } from "./support/tidemark.ts";
import { unclear } from "./support/words.ts";

// A first run that meets all the weather that passes, while people work on in the drive. Nobody helps it.

const ACCOUNT = "tempest@contoso.example";
const FULL = process.env["E2E_FULL"] === "1";
const FILES = FULL ? 20_000 : 300;
const WEATHER = stormWeather(FULL ? { rate: 0.01, times: 3 } : { rate: 0.02, times: 1 });
/** Each fault strikes at least this often at full size; in a small drive at least so many kinds do. */
const STRUCK_MIN = 3;
const KINDS_STRUCK_MIN = 12;
const STORM_SECONDS = FULL ? 420 : 45;
/** The drive is changed this often meanwhile. */
const CHANGES = 6;
/** A file that met five faults in a row is tried again after an hour. */
const SETTLED_SECONDS_MAX = FULL ? 5_400 : 420;
const LOOK_MILLISECONDS = 2_000;
const LOG_SECONDS_MAX = 5;

let tidemark: Tidemark;
const figures: Record<string, unknown> = { files: FILES };

beforeAll(async () => {
  tidemark = await Tidemark.start();
  await tidemark.sandbox.generate(ACCOUNT, { files: FILES, folders: Math.ceil(FILES / 50), meanBytes: 6_000, seed: 17 });
});

afterAll(async () => {
  console.log(JSON.stringify(figures, null, 2));
  await tidemark.stop();
});

it(
  "a first run in all the weather that passes, of a drive that people work in, ends equal by itself",
  { timeout: (STORM_SECONDS + SETTLED_SECONDS_MAX + 900) * 1000 },
  async () => {
    const { sandbox } = tidemark;
    const startedAt = Date.now();
    for (const fault of WEATHER) await sandbox.fault(ACCOUNT, fault);
    const { client, syncId } = await tidemark.signIn(ACCOUNT);
    const witness = new Witness(client, syncId);

    for (let round = 1; round <= CHANGES; round += 1) {
      await witness.watch(STORM_SECONDS / (CHANGES + 1));
      await sandbox.mutate(ACCOUNT, commotion(await sandbox.places(ACCOUNT), round));
    }
    await witness.watch(STORM_SECONDS / (CHANGES + 1));
    const struck = await strikes();
    figures["struck"] = struck;
    await sandbox.noFaults(ACCOUNT);
    figures["stormSeconds"] = secondsSince(startedAt);
    figures["storedInStorm"] = (await client.status(syncId)).activeRun?.progress.stored;
    expect(witness.waits).toContain("throttled");
    expect(witness.explained).toBeGreaterThan(0);
    expect([...witness.unclear]).toEqual([]);

    // To compare all of it costs as much as to copy it: that is done once it looks done.
    await client.untilIdle(syncId, SETTLED_SECONDS_MAX);
    await client.untilEqual(syncId, () => sandbox.tree(ACCOUNT), SETTLED_SECONDS_MAX);
    await client.untilIdle(syncId, SETTLED_SECONDS_MAX);
    figures["equalSeconds"] = secondsSince(startedAt);
    const source = await sandbox.tree(ACCOUNT);
    expect(await client.differences(syncId, source)).toEqual([]);
    const items = await client.items(syncId);
    const sizes = new Map(source.map(({ path, size }) => [path, size]));
    expect(items.filter((item) => item.kind === "file" && item.storedSize !== sizes.get(item.path)).map(({ path }) => path)).toEqual([]);
    figures["readBackSeconds"] = secondsSince(startedAt);
    figures["askedAgain"] = client.askedAgain;

    const runs = await allRuns(client, syncId);
    await expectTrueCounts(client, syncId, items, runs);
    await expectClearLogs(client, runs);
    await expectGenuine(client, syncId, runs);
    figures["requests"] = (await sandbox.requests(ACCOUNT)).total;
    figures["runs"] = runs.map(({ type, trigger, status, progress }) => `${type} ${trigger} ${status} ${JSON.stringify(progress)}`);

    // A weather that never came proves nothing.
    if (FULL) expect(Object.entries(struck).filter(([, count]) => count < STRUCK_MIN)).toEqual([]);
    else expect(Object.values(struck).filter((count) => count > 0).length).toBeGreaterThanOrEqual(KINDS_STRUCK_MIN);

    await tidemark.kill9();
    expect(objectsNobodyKnows(tidemark.stateDir)).toEqual([]);
  },
);

/** Looks at what the API says while the weather is bad, and remembers what a person would not understand. */
class Witness {
  readonly waits = new Set<string>();
  readonly unclear = new Set<string>();
  explained = 0;
  readonly #client: Client;
  readonly #syncId: string;

  constructor(client: Client, syncId: string) {
    this.#client = client;
    this.#syncId = syncId;
  }

  async watch(seconds: number): Promise<void> {
    for (const until = Date.now() + seconds * 1000; Date.now() < until;) {
      await this.#look(await syncOf(this.#client, this.#syncId));
      await new Promise((resume) => setTimeout(resume, LOOK_MILLISECONDS));
    }
  }

  async #look(sync: Sync): Promise<void> {
    const status = await this.#client.get<SyncStatus>(`/api/v1/syncs/${this.#syncId}/status`);
    const { title, detail } = headline(sync, status, new Date(), "all");
    this.#hear(`${title}. ${detail}`);
    // A run has its place in the API once it has found something to do.
    if (sync.lastRun === null) return;
    for (const state of ["pending", "failed", "skipped"]) await this.#explainOne(sync.lastRun.id, state, status.waitingFor);
    if (status.waitingFor === null) return;
    this.waits.add(status.waitingFor.reason);
    // What waits for a time waits for nobody.
    if (status.waitingFor.until === null) throw new Error(`It waits: ${status.waitingFor.reason}.\n${tidemark.logs()}`);
  }

  async #explainOne(runId: string, state: string, waitingFor: SyncStatus["waitingFor"]): Promise<void> {
    const { items } = await this.#client.get<{ items: Item[] }>(`/api/v1/runs/${runId}/files?state=${state}&limit=1`);
    const [item] = items;
    if (!item) return;
    const { summary, facts } = await this.#client.get<{ summary: string; facts: { code: string; message: string }[] }>(
      `/api/v1/items/${item.id}/explain`,
    );
    for (const text of [summary, ...facts.map(({ message }) => message)]) this.#hear(text);
    const waits = facts.find(({ code }) => code === "waiting");
    if (waitingFor?.reason === "throttled" && waits?.message.includes("asked us to slow down") === true) this.explained += 1;
  }

  #hear(text: string): void {
    const problem = unclear(text);
    if (problem !== null) this.unclear.add(problem);
  }
}

function syncOf(client: Client, syncId: string): Promise<Sync> {
  return client.get<Sync>(`/api/v1/syncs/${syncId}`);
}

/** How often each fault has struck. */
async function strikes(): Promise<Record<string, number>> {
  const hits = await tidemark.sandbox.struck(ACCOUNT);
  return Object.fromEntries(WEATHER.map((fault, index) => [faultName(fault), hits[index] ?? 0]));
}

async function allRuns(client: Client, syncId: string): Promise<Run[]> {
  const runs: Run[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: Run[]; cursor: string | null } = await client.get(
      `/api/v1/syncs/${syncId}/runs?limit=100${cursor === null ? "" : `&cursor=${cursor}`}`,
    );
    runs.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== null);
  return runs;
}

/** The totals are those of the items; what the runs say they stored is what is stored, and what has been. */
async function expectTrueCounts(client: Client, syncId: string, items: readonly Item[], runs: readonly Run[]): Promise<void> {
  const { stats } = await syncOf(client, syncId);
  const files = items.filter((item) => item.kind === "file");
  const itemsAndRoot = items.length + 1;
  const bytes = files.reduce((sum, item) => sum + (item.storedSize ?? 0), 0);
  expect(stats).toMatchObject({ items: itemsAndRoot, files: files.length, stored: files.length, failed: 0, skipped: 0, held: 0, bytes });
  expect(runs.filter((run) => run.finishedAt === null)).toEqual([]);
  expect(runs.reduce((sum, run) => sum + run.progress.stored, 0)).toBe(stats.stored + stats.versions);
  expect(runs.reduce((sum, run) => sum + run.progress.bytes, 0)).toBe(stats.bytes + stats.versionBytes);
}

async function expectClearLogs(client: Client, runs: readonly Run[]): Promise<void> {
  const problems: string[] = [];
  for (const run of runs) {
    const response = await client.raw(`/api/v1/runs/${run.id}/logs`, { signal: AbortSignal.timeout(LOG_SECONDS_MAX * 1000) });
    const lines = (await readEvents(response)).filter(({ event }) => event === "log").map(({ data }) => data as { message: string });
    expect(lines.length).toBeGreaterThan(0);
    const texts = [...lines.map(({ message }) => message), ...(run.error ? [run.error.message] : [])];
    problems.push(...texts.map(unclear).filter((problem) => problem !== null));
  }
  expect(problems).toEqual([]);
}

/** Every receipt is genuine, and the newest one is about the mirror as it is now. */
async function expectGenuine(client: Client, syncId: string, runs: readonly Run[]): Promise<void> {
  const keys = await (await client.raw("/.well-known/tidemark-receipt-keys.json")).text();
  const proven = runs.filter(({ status }) => status === "completed" || status === "incomplete");
  const receipts = await Promise.all(
    proven.map(async ({ id }) => parseReceipt(await (await client.raw(`/api/v1/runs/${id}/receipt`)).text())),
  );
  for (const receipt of receipts) await verifySignature(receipt, keys);
  const [newest] = receipts;
  if (!newest) throw new Error("No run has a receipt.");
  const listing = await (await client.raw(`/api/v1/syncs/${syncId}/listing`)).text();
  await verifyListing(newest.receipt, linesOf(listing));
}

async function* linesOf(text: string): AsyncGenerator<string> {
  for (const line of text.split("\n")) yield line;
}

function secondsSince(at: number): number {
  return Math.round((Date.now() - at) / 1000);
}
