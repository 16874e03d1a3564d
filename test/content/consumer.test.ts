import { encodeHexLowerCase } from "@oslojs/encoding";
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { HEARTBEAT_SECONDS, type LeasedFile } from "../../worker/sync/job.ts";
import { failure } from "../../worker/errors.ts";
import { ProviderError } from "../../worker/providers/errors.ts";
import { createMemoryDrive, memoryProvider } from "../../worker/providers/memory.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import { overridden } from "../support/overridden.ts";
import type { Provider } from "../../worker/providers/provider.ts";
import { providers } from "../../worker/providers/registry.ts";
import { consume, Desk, keyOf, keys, leased } from "./desk.ts";

/** More than is held in memory. */
const LARGE_BYTES = 1_200_017;

afterEach(async () => {
  providers.delete("memory");
  vi.useRealTimers();
  await reset();
});

function provider(drive: MemoryDrive): Provider {
  const definition = memoryProvider(drive);
  providers.set("memory", definition);
  return definition.create(env, { fetch, now: Date.now, accessToken: async () => "token" });
}

/** Leases of every file of the drive, as a run that has just listed them would plan them. */
async function planned(drive: MemoryDrive, more: Partial<LeasedFile> = {}): Promise<LeasedFile[]> {
  const { changes } = await provider(drive).changes(drive.id, null);
  const entries = changes.flatMap((change) => (change.type === "upsert" && change.entry.kind === "file" ? [change.entry] : []));
  drive.requests.changes = 0;
  return entries.map((entry, index) => leased(entry, index, more));
}

function filled(bytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  const filled = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) filled[i] = i * seed + (i >>> 9);
  return filled;
}

async function sha256Of(file: LeasedFile): Promise<string> {
  const object = await env.CONTENT.get(keyOf(file));
  return digestOf((await object?.arrayBuffer()) ?? new ArrayBuffer());
}

async function digestOf(bytes: BufferSource): Promise<string> {
  return encodeHexLowerCase(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

async function one(content: string | Uint8Array, more: Partial<LeasedFile> = {}) {
  const drive = createMemoryDrive();
  drive.put("/a.txt", content);
  const [file] = await planned(drive, more);
  if (!file) throw new Error("One file is planned.");
  const desk = new Desk();
  desk.offer("job-1", [file]);
  return { drive, file, desk };
}

test("every file arrives with its bytes, its metadata and its hash, and the job is settled once", async () => {
  const drive = createMemoryDrive();
  drive.put("/a.txt", "a");
  drive.put("/ordner/Ünïcode — 文件 🌊.txt", "unicode");
  drive.put("/empty", "");
  drive.put("/large.bin", filled(LARGE_BYTES));
  const files = (await planned(drive)).map((file) => ({ ...file, path: drive.path(file.remoteId) }));
  const desk = new Desk();
  desk.offer("job-1", files);
  expect(await consume(desk, ["job-1"])).toEqual({ acked: ["job-1#0"], retried: [] });

  expect(desk.settled).toHaveLength(1);
  expect(desk.settled[0]).toMatchObject({ jobId: "job-1", lease: 1, done: true, usage: { providerRequests: 3, storagePuts: 4 } });
  const byId = new Map(drive.files().map((file) => [file.id, file]));
  for (const file of files) {
    const source = byId.get(file.remoteId);
    const result = desk.results()[file.index];
    expect(result).toMatchObject({ outcome: "stored", storedId: file.storedId, size: file.size, sha256: source?.sha256, differs: false });
    const object = await env.CONTENT.head(keyOf(file));
    expect(await sha256Of(file)).toBe(source?.sha256);
    expect(decodeURIComponent(object?.customMetadata?.["path"] ?? "")).toBe(source?.path);
    expect(object?.customMetadata).toMatchObject({ remoteId: file.remoteId, size: String(file.size), sourceHash: file.hash });
    expect(object?.httpMetadata?.contentType).toBe("application/octet-stream");
  }
  expect(await keys()).toHaveLength(files.length);
});

test("a job that is nobody's concern any more is acknowledged, and nothing is fetched", async () => {
  const { drive } = await one("a");
  expect(await consume(new Desk(), ["job-1", "job-2"])).toEqual({ acked: ["job-1#0", "job-2#1"], retried: [] });
  expect(drive.requests.open).toBe(0);
});

test("messages of several jobs, one of them twice, take one lease and settle each job once", async () => {
  const drive = createMemoryDrive();
  for (let i = 0; i < 4; i++) drive.put(`/${i}.txt`, `content ${i}`);
  const [first, second, third, fourth] = await planned(drive);
  if (!first || !second || !third || !fourth) throw new Error("Four files are planned.");
  const desk = new Desk();
  desk.offer("job-1", [first, { ...second, index: 1 }]);
  desk.offer("job-2", [
    { ...third, index: 0 },
    { ...fourth, index: 1 },
  ]);
  const { acked } = await consume(desk, ["job-1", "job-2", "job-1"]);
  expect(acked).toHaveLength(3);
  expect(desk.leaseRequests).toMatchObject([{ jobIds: ["job-1", "job-2"] }]);
  expect(desk.settled.map(({ jobId, done, results }) => [jobId, done, results.length]).sort()).toEqual([
    ["job-1", true, 2],
    ["job-2", true, 2],
  ]);
});

test("an empty file is stored without asking the source", async () => {
  const { drive, file, desk } = await one("");
  await consume(desk, ["job-1"]);
  expect(desk.results()).toMatchObject([{ outcome: "stored", size: 0, differs: false }]);
  expect((await env.CONTENT.head(keyOf(file)))?.size).toBe(0);
  expect(drive.requests.open).toBe(0);
});

test("a file that is announced as empty, with another hash, is asked for, and planned anew by the size that it has", async () => {
  const { drive, desk } = await one("not empty", { size: 0 });
  await consume(desk, ["job-1"]);
  expect(drive.requests.open).toBe(1);
  expect(desk.results()).toMatchObject([{ outcome: "changed", entry: { size: 9 } }]);
});

test("a file that no object can hold is not fetched", async () => {
  const { drive, desk } = await one("a", { size: 6 * 1024 ** 3 });
  await consume(desk, ["job-1"]);
  expect(desk.results()).toMatchObject([{ outcome: "failed", kind: "too_large" }]);
  expect(drive.requests.open).toBe(0);
});

test("addresses that have run out by the clock are renewed together, twenty at a time", async () => {
  const drive = createMemoryDrive();
  for (let i = 0; i < 45; i++) drive.put(`/${i}.txt`, `content ${i}`);
  const files = (await planned(drive)).map((file) => ({ ...file, download: file.download && { ...file.download, at: 0 } }));
  const desk = new Desk();
  desk.offer("job-1", files);
  await consume(desk, ["job-1"]);
  expect(desk.results().filter((result) => result.outcome === "stored")).toHaveLength(45);
  expect(drive.requests).toMatchObject({ lookup: 3, open: 45 });
  expect(desk.tokens).toBe(1);
});

test("when one address is refused, those of its age are renewed without trying them", async () => {
  const drive = createMemoryDrive();
  for (let i = 0; i < 40; i++) drive.put(`/${i}.txt`, `content ${i}`);
  const files = (await planned(drive)).map((file) => {
    const url = file.download?.url.replace(/expires=\d+/, "expires=1") ?? "";
    return { ...file, download: file.download && { ...file.download, url } };
  });
  const desk = new Desk();
  desk.offer("job-1", files);
  await consume(desk, ["job-1"], { CONSUMER_STREAMS: "5" });
  expect(desk.results().filter((result) => result.outcome === "stored")).toHaveLength(40);
  expect(drive.requests.lookup).toBeLessThanOrEqual(3);
  expect(drive.requests.open).toBeLessThanOrEqual(45);
});

test("a new address that is refused too fails the file, after one renewal", async () => {
  const { drive, desk } = await one("a");
  drive.settings.downloadUrlSeconds = -1;
  await consume(desk, ["job-1"]);
  expect(desk.results()).toMatchObject([{ outcome: "failed", kind: "expired_url" }]);
  expect(drive.requests.lookup).toBe(1);
});

test("what the source no longer has, refuses, or has changed, is told apart, and nothing is stored", async () => {
  const drive = createMemoryDrive();
  for (const name of ["gone", "refused", "changed", "renamed"]) drive.put(`/${name}`, name);
  const files = (await planned(drive)).map((file) => ({ ...file, download: null }));
  drive.misreport("/refused", { refused: true });
  drive.put("/changed", "something else");
  drive.rename("/renamed", "same content");
  drive.delete("/gone");
  const desk = new Desk();
  desk.offer("job-1", files);
  await consume(desk, ["job-1"]);
  expect(desk.results()).toMatchObject([
    { outcome: "failed", kind: "not_found" },
    { outcome: "failed", kind: "forbidden" },
    { outcome: "changed", entry: { name: "changed", size: 14 } },
    { outcome: "stored" },
  ]);
  expect(await keys()).toHaveLength(1);
});

test.each([
  ["small", 2_000],
  ["large", LARGE_BYTES],
] as const)("a %s file that changed while it was fetched is reported as changed, and not stored", async (_, bytes) => {
  const { drive, desk } = await one(filled(bytes));
  drive.misreport("/a.txt", {
    served: filled(bytes, 3),
    entry: { hash: { algorithm: "sha256", value: "f".repeat(64) }, contentTag: "new" },
  });
  await consume(desk, ["job-1"]);
  expect(desk.results()).toMatchObject([{ outcome: "changed", entry: { contentTag: "new" } }]);
  expect(await keys()).toEqual([]);
});

test.each([
  ["small", 2_000, 2_000],
  ["large", LARGE_BYTES, LARGE_BYTES],
  ["small, of another size", 2_000, 1_500],
  ["large, of another size", LARGE_BYTES, LARGE_BYTES - 5_000],
  ["small, then large", 2_000, LARGE_BYTES],
])("a file that is served twice as the same other bytes is stored as served, and marked: %s", async (_, announced, served) => {
  const { drive, file, desk } = await one(filled(announced));
  const bytes = filled(served, 3);
  drive.misreport("/a.txt", { served: bytes });
  await consume(desk, ["job-1"]);
  const digest = await digestOf(bytes);
  expect(desk.results()).toEqual([expect.objectContaining({ outcome: "stored", size: served, differs: true, sha256: digest })]);
  expect(drive.requests).toMatchObject({ open: 2, lookup: 1 });
  expect(await sha256Of(file)).toBe(digest);
});

test.each([2_000, LARGE_BYTES])("a file of %i bytes that is spoilt once is stored as it is", async (size) => {
  const { drive, desk } = await one(filled(size));
  const { create } = memoryProvider(drive);
  providers.set("memory", {
    ...memoryProvider(drive),
    create: (...given) => spoiling(create(...given), [(bytes) => void (bytes[5] = (bytes[5] ?? 0) ^ 1)]),
  });
  await consume(desk, ["job-1"]);
  expect(desk.results()).toMatchObject([{ outcome: "stored", size, differs: false, sha256: drive.files()[0]?.sha256 }]);
});

test("a file that is served otherwise each time fails, until it has been often enough", async () => {
  const spoils = [1, 2].map((n) => (bytes: Uint8Array) => void (bytes[n] = (bytes[n] ?? 0) ^ 1));
  const fails = { outcome: "failed", kind: "transient", differing: true };
  const isKept = { outcome: "stored", differs: true };
  for (const [before, outcome] of [
    [{ attempts: 0 }, fails],
    // Failures of other kinds say nothing about the bytes.
    [{ attempts: 4 }, fails],
    [{ attempts: 4, differed: 2 }, fails],
    [{ attempts: 3, differed: 3 }, isKept],
    [{ attempts: 7 }, isKept],
  ] as const) {
    await env.CONTENT.delete(await keys());
    const { drive, desk } = await one(filled(2_000), before);
    const { create } = memoryProvider(drive);
    providers.set("memory", { ...memoryProvider(drive), create: (...given) => spoiling(create(...given), [...spoils]) });
    await consume(desk, ["job-1"]);
    expect(desk.results()).toMatchObject([outcome]);
    expect(await keys()).toHaveLength(outcome === isKept ? 1 : 0);
  }
});

/** The provider, with a change to the bytes of each of its next answers. */
function spoiling(real: Provider, spoils: ((bytes: Uint8Array) => void)[]): Provider {
  return overridden(real, {
    open: async (...given) => {
      const opened = await real.open(...given);
      const bytes = new Uint8Array(await new Response(opened.body).arrayBuffer());
      spoils.shift()?.(bytes);
      return { ...opened, body: new Blob([bytes]).stream() };
    },
  });
}

test.each([2_000, LARGE_BYTES])("a download of %i bytes that is cut short is transient, and leaves no object", async (size) => {
  const { drive, desk } = await one(filled(size));
  drive.misreport("/a.txt", { truncateAt: size - 1 });
  await consume(desk, ["job-1"]);
  expect(desk.results()).toMatchObject([{ outcome: "failed", kind: "transient" }]);
  expect(await keys()).toEqual([]);
});

test("a throttled answer is settled with its wait, and no further file of the connection is begun", async () => {
  const drive = createMemoryDrive();
  for (let i = 0; i < 20; i++) drive.put(`/${i}.txt`, `content ${i}`);
  const files = await planned(drive);
  const desk = new Desk();
  desk.offer("job-1", files.slice(0, 10));
  desk.offer(
    "job-2",
    files.slice(10).map((file, index) => ({ ...file, index })),
  );
  drive.fail("open", new ProviderError("throttled", "Slow down.", { retryAfterSeconds: 17 }));
  const { acked } = await consume(desk, ["job-1", "job-2"], { CONSUMER_STREAMS: "2" });
  expect(acked).toHaveLength(2);
  expect(desk.settled[0]?.results).toContainEqual(expect.objectContaining({ outcome: "failed", kind: "throttled", retryAfterSeconds: 17 }));
  expect(
    desk.settled
      .filter(({ done }) => done)
      .map(({ jobId }) => jobId)
      .sort(),
  ).toEqual(["job-1", "job-2"]);
  expect(drive.requests.open).toBeLessThanOrEqual(4);
  expect(await keys()).toHaveLength(desk.results().filter(({ outcome }) => outcome === "stored").length);
});

test("a refused grant is reported, and no further file is begun", async () => {
  const drive = createMemoryDrive();
  for (let i = 0; i < 30; i++) drive.put(`/${i}.txt`, `content ${i}`);
  const desk = new Desk();
  desk.offer(
    "job-1",
    (await planned(drive)).map((file) => ({ ...file, download: null })),
  );
  desk.token = () => failure("connection.not_active", "Sign in again.");
  await consume(desk, ["job-1"], { CONSUMER_STREAMS: "2" });
  expect(desk.results().every((result) => result.outcome === "failed" && result.kind === "auth")).toBe(true);
  expect(desk.results().length).toBeLessThanOrEqual(2);
  expect(drive.requests).toMatchObject({ lookup: 0, open: 0 });
});

test("a token that cannot be had for the moment is a passing fault", async () => {
  const { desk } = await one("a", { download: null });
  desk.breaks.accessToken = 99;
  await consume(desk, ["job-1"]);
  expect(desk.results()).toMatchObject([{ outcome: "failed", kind: "transient" }]);
});

test("a settlement that is not accepted removes what the object names, and nothing else", async () => {
  const drive = createMemoryDrive();
  drive.put("/a.txt", "a");
  drive.put("/b.txt", "b");
  const files = await planned(drive);
  const desk = new Desk();
  desk.offer("job-1", files);
  desk.answer = () => ({ accepted: false, discard: [files[0]?.storedId ?? ""] });
  expect(await consume(desk, ["job-1"])).toMatchObject({ acked: ["job-1#0"] });
  expect(await keys()).toEqual([keyOf(files[1] as LeasedFile)]);
});

test("keys that an earlier lease may have left are removed first", async () => {
  const { file, desk } = await one("a");
  await env.CONTENT.put("content/user-1/sync-1/left", "left");
  desk.offer("job-1", [file], { orphanKeys: ["content/user-1/sync-1/left", "content/user-1/sync-1/never"] });
  await consume(desk, ["job-1"]);
  expect(await keys()).toEqual([keyOf(file)]);
});

test("calls to an object that is reset are made again", async () => {
  const { desk } = await one("a");
  desk.breaks = { lease: 1, settle: 2, accessToken: 0 };
  expect(await consume(desk, ["job-1"])).toEqual({ acked: ["job-1#0"], retried: [] });
  expect(desk.results()).toHaveLength(1);
});

test("a job that cannot be leased comes again", async () => {
  const { desk, drive } = await one("a");
  desk.breaks.lease = 99;
  expect(await consume(desk, ["job-1"])).toMatchObject({ acked: [], retried: [{ msgId: "job-1#0" }] });
  expect(drive.requests.open).toBe(0);
});

test("a job that cannot be settled comes again, and its objects stay: the object may have taken them in", async () => {
  const { desk, file } = await one("a");
  desk.breaks.settle = 99;
  expect(await consume(desk, ["job-1"])).toMatchObject({ acked: [], retried: [{ msgId: "job-1#0" }] });
  expect(await keys()).toEqual([keyOf(file)]);
});

test("an object that an earlier attempt left under the key makes room, and the file is tried again later", async () => {
  const { desk, file } = await one("a");
  await env.CONTENT.put(keyOf(file), "left");
  await consume(desk, ["job-1"]);
  expect(desk.results()).toMatchObject([{ outcome: "failed", kind: "storage" }]);
  expect(await keys()).toEqual([]);
});

test.each([100, LARGE_BYTES])("a bucket that fails a put of %i bytes is no fault of the source", async (size) => {
  const { desk } = await one(filled(size));
  const CONTENT = {
    put: async () => Promise.reject(new Error("Internal error (10001)")),
    delete: async () => undefined,
  } as unknown as R2Bucket;
  await consume(desk, ["job-1"], { CONTENT });
  expect(desk.results()).toMatchObject([{ outcome: "failed", kind: "storage", message: expect.stringContaining("10001") }]);
});

test("no more files than there are streams are under way at once", async () => {
  const drive = createMemoryDrive();
  for (let i = 0; i < 12; i++) drive.put(`/${i}.txt`, `content ${i}`);
  const desk = new Desk();
  desk.offer("job-1", await planned(drive));
  let open = 0;
  let most = 0;
  const CONTENT = {
    put: async (...given: Parameters<R2Bucket["put"]>) => {
      most = Math.max(most, ++open);
      await scheduler.wait(5);
      open -= 1;
      return env.CONTENT.put(...given);
    },
  } as unknown as R2Bucket;
  await consume(desk, ["job-1"], { CONTENT, CONSUMER_STREAMS: "3" });
  expect(desk.results()).toHaveLength(12);
  expect(most).toBe(3);
});

test("a long job gives signs of life, with what it has so far, and stops when it is no longer wanted", async () => {
  const drive = createMemoryDrive();
  drive.put("/quick.txt", "quick");
  drive.put("/slow.txt", "slow");
  const files = await planned(drive);
  const { create } = memoryProvider(drive);
  let endless: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stalling = (real: Provider): Provider => ({
    ...spoiling(real, []),
    open: async (content, options) => {
      if (content.id !== files[1]?.remoteId) return real.open(content, options);
      return { body: new ReadableStream({ start: (controller) => void (endless = controller) }), partial: false };
    },
  });
  providers.set("memory", { ...memoryProvider(drive), create: (...given) => stalling(create(...given)) });
  const desk = new Desk();
  desk.offer("job-1", files);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const consumed = consume(desk, ["job-1"]);
  await vi.waitFor(() => expect(endless).toBeDefined());
  await scheduler.wait(50);
  vi.advanceTimersByTime(HEARTBEAT_SECONDS * 1000);
  await scheduler.wait(50);
  expect(desk.settled).toMatchObject([{ done: false, results: [{ index: 0, outcome: "stored" }] }]);
  desk.answer = () => ({ accepted: false, discard: [] });
  vi.advanceTimersByTime(HEARTBEAT_SECONDS * 1000);
  expect(await consumed).toMatchObject({ acked: ["job-1#0"] });
  expect(desk.settled).toMatchObject([{}, { done: false, results: [] }]);
  expect(await keys()).toEqual([keyOf(files[0] as LeasedFile)]);
});

/** A drive of ten files whose third one is not opened before `go`, and a desk that offers them. */
async function waitingAtThird() {
  const drive = createMemoryDrive();
  for (let i = 0; i < 10; i++) drive.put(`/${i}.txt`, `content ${i}`);
  const files = await planned(drive);
  let go: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (go = resolve));
  const { create } = memoryProvider(drive);
  let reached: () => void = () => undefined;
  const waits = new Promise<void>((resolve) => (reached = resolve));
  const slow = (real: Provider): Provider => ({
    ...spoiling(real, []),
    open: async (content, options) => {
      if (content.id === files[2]?.remoteId) {
        reached();
        await gone;
      }
      return real.open(content, options);
    },
  });
  providers.set("memory", { ...memoryProvider(drive), create: (...given) => slow(create(...given)) });
  const desk = new Desk();
  desk.offer("job-1", files);
  return { drive, desk, waits, go };
}

test.each(["sync", "connection"] as const)("a word of the object that the %s is to stop is heard within a second", async (stop) => {
  const { drive, desk, waits, go } = await waitingAtThird();
  desk.answer = () => ({ accepted: true, discard: [], stop });
  vi.useFakeTimers({ toFake: ["Date"] });
  const consumed = consume(desk, ["job-1"], { CONSUMER_STREAMS: "1" });
  await waits;
  vi.setSystemTime(Date.now() + 1_000);
  go();
  expect(await consumed).toMatchObject({ acked: ["job-1#0"] });
  expect(drive.requests.open, "what was begun ends, and nothing else begins").toBe(3);
  expect(desk.settled).toMatchObject([{ results: [], done: false }, { done: true }]);
  expect(desk.results().map(({ outcome }) => outcome)).toEqual(["stored", "stored", "stored"]);
});

test("without such a word nothing stops, and asking for it reports no result by itself", async () => {
  const { drive, desk, waits, go } = await waitingAtThird();
  vi.useFakeTimers({ toFake: ["Date"] });
  const consumed = consume(desk, ["job-1"], { CONSUMER_STREAMS: "1" });
  await waits;
  vi.setSystemTime(Date.now() + 1_000);
  go();
  await consumed;
  expect(drive.requests.open).toBe(10);
  expect(desk.settled).toMatchObject([{ results: [], done: false }, { done: true }]);
  expect(desk.results()).toHaveLength(10);
});

test("an allowance that is all but used up stops the connection's files before the source refuses, and is reported at once", async () => {
  const drive = createMemoryDrive();
  for (let i = 0; i < 20; i++) drive.put(`/${i}.txt`, `content ${i}`);
  const files = await planned(drive);
  drive.settings.budget = { limit: 100, remaining: 3, resetSeconds: 30 };
  const desk = new Desk();
  desk.offer("job-1", files);
  await consume(desk, ["job-1"], { CONSUMER_STREAMS: "2" });
  expect(drive.requests.open).toBeLessThanOrEqual(2);
  expect(desk.settled[0]).toMatchObject({ done: false, budget: { limit: 100, remaining: 3, resetSeconds: 30 } });
  expect(desk.results().every(({ outcome }) => outcome === "stored")).toBe(true);
});

test("once the source has refused, a file that was begun asks it nothing more, and is given back without a word", async () => {
  const drive = createMemoryDrive();
  drive.put("/refused.txt", "refused");
  drive.put("/begun.txt", "begun");
  const files = await planned(drive);
  const { create } = memoryProvider(drive);
  const desk = new Desk();
  // The second file's address turns out to have run out only after the first file was refused.
  const late = (real: Provider): Provider => ({
    ...spoiling(real, []),
    open: async (content, options) => {
      if (content.id !== files[1]?.remoteId) return real.open(content, options);
      await vi.waitFor(() => expect(desk.settled).not.toEqual([]));
      throw new ProviderError("expired_url", "The address has run out.");
    },
  });
  providers.set("memory", { ...memoryProvider(drive), create: (...given) => late(create(...given)) });
  drive.fail("open", new ProviderError("throttled", "Slow down.", { retryAfterSeconds: 17 }));
  desk.offer("job-1", files);
  await consume(desk, ["job-1"], { CONSUMER_STREAMS: "2" });
  expect(desk.results()).toMatchObject([{ index: 0, kind: "throttled", retryAfterSeconds: 17 }]);
  expect(desk.results()).toHaveLength(1);
  expect(drive.requests.lookup).toBe(0);
});
