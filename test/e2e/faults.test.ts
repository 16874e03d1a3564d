import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Client, Fault, Item, Run } from "./support/client.ts";
import { Tidemark } from "./support/tidemark.ts";

// Each case has an account of its own, and so its own weather: all of them run at once.

const FILES = 60;
const SECONDS_MAX = 280;
const CRON_SECONDS_MAX = 150;
const SHAPE = { files: FILES, folders: 6, meanBytes: 20_000, seed: 3 };
/** Not the sign-in, which a person would repeat. */
const AT_WORK = "delta|download|items";
const DOWNLOADS = "download\\.aspx";

interface Weather {
  what: string;
  account: string;
  faults: readonly Fault[];
}

const WEATHERS: readonly Weather[] = [
  {
    what: "is throttled now and then",
    account: "throttled@contoso.example",
    faults: [{ name: "throttled", match: { path: AT_WORK }, rate: 0.2, times: 8 }],
  },
  {
    what: "is throttled without a word how long",
    account: "silent@contoso.example",
    faults: [{ name: "throttled-without-retry-after", match: { path: DOWNLOADS }, times: 1 }],
  },
  {
    what: "meets servers that are busy or out of order",
    account: "busy@contoso.example",
    faults: [
      { name: "server-busy", match: { path: AT_WORK }, rate: 0.3, times: 10 },
      { name: "bad-gateway", match: { path: AT_WORK }, rate: 0.3, times: 5 },
      { name: "snapshot-failed", times: 1 },
    ],
  },
  { what: "gets bodies that break off", account: "truncated@contoso.example", faults: onceForEachOfSome({ name: "truncated-body" }) },
  {
    what: "gets bodies that end early and look whole",
    account: "short@contoso.example",
    faults: onceForEachOfSome({ name: "short-body" }),
  },
  { what: "gets corrupted bodies", account: "corrupt@contoso.example", faults: onceForEachOfSome({ name: "corrupt-body" }) },
  { what: "gets a page of HTML for a file", account: "html@contoso.example", faults: onceForEachOfSome({ name: "download-html" }) },
  { what: "gets bodies without a length", account: "chunked@contoso.example", faults: [{ name: "chunked-body", rate: 0.5 }] },
  { what: "has addresses that are expired", account: "expired@contoso.example", faults: onceForEachOfSome({ name: "download-expired" }) },
  {
    what: "gets no addresses with the list",
    account: "addressless@contoso.example",
    faults: [{ name: "missing-download-url", rate: 0.5 }],
  },
  {
    what: "loses its connections",
    account: "dropped@contoso.example",
    faults: [{ drop: true, match: { path: AT_WORK }, rate: 0.2, times: 10 }],
  },
  { what: "loses its cursor half-way", account: "cursorless@contoso.example", faults: [{ name: "resync-required", times: 1 }] },
  {
    what: "gets the same items again and again, and empty pages",
    account: "repeated@contoso.example",
    faults: [{ name: "duplicate-items" }, { name: "empty-page", rate: 0.5, times: 3 }],
  },
  { what: "is hit by everything a personal account can have", account: "stormy@outlook.example", faults: [{ name: "throttled", match: { path: AT_WORK }, rate: 0.1, times: 3 }, { name: "drive-id-flips", rate: 0.5 }, { name: "missing-hash", rate: 0.3 }, { drop: true, match: { path: "y4m" }, rate: 0.2, times: 5 }] }, // prettier-ignore
];

let tidemark: Tidemark;

beforeAll(async () => {
  tidemark = await Tidemark.start();
});

afterAll(() => tidemark.stop());

describe.concurrent("a first sync", { timeout: 2 * SECONDS_MAX * 1000 }, () => {
  it.each(WEATHERS)("that $what ends equal", async ({ account, faults }) => {
    const { client, syncId, run } = await firstSync(account, faults);
    expect(run).toMatchObject({ type: "full", status: "completed", progress: { stored: FILES, failed: 0, skipped: 0 } });
    expect(await client.differences(syncId, await tidemark.sandbox.tree(account))).toEqual([]);
    await expectStruck(account);
  });

  it("whose files change while they are downloaded ends equal", async () => {
    const account = "restless@contoso.example";
    const sandbox = tidemark.sandbox;
    await sandbox.generate(account, SHAPE);
    await sandbox.fault(account, { match: { path: DOWNLOADS }, delayMs: 300 });
    const { client, syncId } = await tidemark.signIn(account);
    const before = (await sandbox.tree(account)).slice(0, 20);
    for (let round = 0; round < 3; round += 1) {
      await client.until(syncId, ({ activeRun }) => activeRun === null || activeRun.progress.stored >= round * 10 + 1, SECONDS_MAX);
      await sandbox.mutate(account, before.map(({ path, size }) => ({ op: "update", path, bytes: size + round }))); // prettier-ignore
    }
    await sandbox.noFaults(account);
    await client.untilEqual(syncId, () => sandbox.tree(account), SECONDS_MAX);
    expect(await client.untilIdle(syncId, SECONDS_MAX)).toMatchObject({ status: "completed" });
    expect(await client.differences(syncId, await sandbox.tree(account))).toEqual([]);
  });

  it("with malware in the drive keeps everything else, and names it with the reason", async () => {
    const account = "infected@contoso.example";
    const { client, syncId, run } = await firstSync(account, [{ name: "malware", match: { item: "^EICAR" } }], ["/Letters/EICAR.exe"]);
    expect(run).toMatchObject({ progress: { stored: FILES, failed: 0, skipped: 1 } });
    expect(await notStored(client, syncId)).toEqual([{ path: "/Letters/EICAR.exe", state: "skipped", reason: "malware" }]);
  });

  it("whose downloads are all refused ends incomplete, names each file, and a retry after the refusal completes it", async () => {
    const account = "refused@contoso.example";
    const { client, syncId, run } = await firstSync(account, [{ name: "access-denied", match: { path: DOWNLOADS } }]);
    const filled = (await tidemark.sandbox.tree(account)).filter(({ size }) => size > 0);
    expect(run).toMatchObject({ status: "incomplete", progress: { stored: FILES - filled.length, failed: filled.length } });
    const failed = await notStored(client, syncId);
    expect(failed.map(({ path }) => path).toSorted()).toEqual(filled.map(({ path }) => path).toSorted());
    expect(new Set(failed.map(({ state, reason }) => `${state}: ${reason}`))).toEqual(new Set(["failed: forbidden"]));

    await tidemark.sandbox.noFaults(account);
    await client.send("POST", `/api/v1/runs/${run.id}/retry`);
    await client.untilEqual(syncId, () => tidemark.sandbox.tree(account), SECONDS_MAX);
    expect(await client.untilIdle(syncId, SECONDS_MAX)).toMatchObject({
      trigger: "retry",
      status: "completed",
      progress: { stored: filled.length },
    });
  });

  it("of files whose bytes are not those that were announced keeps the bytes that came, and says so", async () => {
    const account = "rewritten@contoso.example";
    const path = "/Letters/Rewritten by the server.docx";
    const { client, syncId, run } = await firstSync(account, [{ name: "hash-mismatch", match: { item: "^Rewritten" } }], [path]);
    expect(run).toMatchObject({ status: "completed", progress: { stored: FILES + 1 } });
    expect(await client.differences(syncId, await tidemark.sandbox.tree(account))).toEqual([]);
    const differing = (await client.items(syncId)).filter((item) => item.servedDiffers);
    expect(differing.map((item) => item.path)).toEqual([path]);
  });
});

describe.concurrent("a sync that is up to date", { timeout: 2 * SECONDS_MAX * 1000 }, () => {
  it("enumerates again when its cursor has expired, and downloads only what is new", async () => {
    const account = "forgetful@contoso.example";
    const { client, syncId } = await firstSync(account, []);
    await tidemark.sandbox.forgetRequests(account);
    await tidemark.sandbox.call("POST", `/cursors/${account}/expire`);
    const [gone, ...rest] = await tidemark.sandbox.tree(account);
    await tidemark.sandbox.mutate(account, [
      { op: "create", path: "/New.txt", bytes: 500 },
      { op: "delete", path: gone?.path },
      { op: "rename", path: rest[0]?.path, name: "Renamed.txt" },
    ]);
    await client.untilEqual(syncId, () => tidemark.sandbox.tree(account), SECONDS_MAX);
    expect(await client.untilIdle(syncId, SECONDS_MAX)).toMatchObject({ status: "completed" });
    expect(await tidemark.sandbox.downloads(account)).toBe(1);
  });

  it("hears of a change from the clock when the vendor does not announce it", async () => {
    const account = "unheard@contoso.example";
    const { client, syncId } = await firstSync(account, []);
    await tidemark.sandbox.call("POST", "/notifications", { mode: "suppress", account });
    await client.send("PATCH", `/api/v1/syncs/${syncId}`, { schedule: { kind: "cron", cron: "* * * * *", timeZone: "UTC" } });
    await tidemark.sandbox.mutate(account, [{ op: "create", path: "/Unannounced.txt", bytes: 500 }]);
    await client.untilEqual(syncId, () => tidemark.sandbox.tree(account), CRON_SECONDS_MAX);
    expect(await client.untilIdle(syncId, SECONDS_MAX)).toMatchObject({ trigger: "schedule", status: "completed" });
  });

  it("downloads a change once though it is announced twice", async () => {
    const account = "twice@contoso.example";
    const { client, syncId } = await firstSync(account, []);
    await tidemark.sandbox.call("POST", "/notifications", { mode: "duplicate", account });
    await tidemark.sandbox.forgetRequests(account);
    await tidemark.sandbox.mutate(account, [{ op: "create", path: "/Announced twice.txt", bytes: 500 }]);
    await client.untilEqual(syncId, () => tidemark.sandbox.tree(account), SECONDS_MAX);
    expect(await client.untilIdle(syncId, SECONDS_MAX)).toMatchObject({ trigger: "webhook", status: "completed" });
    expect(await tidemark.sandbox.downloads(account)).toBe(1);
  });
});

/** Fills the account's drive, lets its weather begin, signs in, and waits until the first run has ended. */
async function firstSync(
  account: string,
  faults: readonly Fault[],
  paths: readonly string[] = [],
): Promise<{ client: Client; syncId: string; run: Run }> {
  await tidemark.sandbox.generate(account, SHAPE);
  await tidemark.sandbox.mutate(account, paths.map((path) => ({ op: "create", path, bytes: 3000 }))); // prettier-ignore
  for (const fault of faults) await tidemark.sandbox.fault(account, fault);
  const { client, syncId } = await tidemark.signIn(account);
  return { client, syncId, run: await client.untilIdle(syncId, SECONDS_MAX) };
}

/** One download in each of sixteen groups of files, and so never the same file twice in a row. */
function onceForEachOfSome(fault: { name: string }): Fault[] {
  return [..."0123456789abcdef"].map((digit) => ({ ...fault, match: { path: `UniqueId=${digit}` }, times: 1 }));
}

/** A weather that never came proves nothing. */
async function expectStruck(account: string): Promise<void> {
  const { active } = await tidemark.sandbox.call<{ active: { match: { account?: string }; hits: number }[] }>("GET", "/faults");
  const hits = active.filter(({ match }) => match.account === account).map((fault) => fault.hits);
  expect(Math.max(...hits)).toBeGreaterThan(0);
}

async function notStored(client: Client, syncId: string): Promise<Pick<Item, "path" | "state" | "reason">[]> {
  const files = (await client.items(syncId)).filter((item) => item.kind === "file" && item.state !== "stored");
  return files.map(({ path, state, reason }) => ({ path, state, reason }));
}
