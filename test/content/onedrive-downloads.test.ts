import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { afterEach, expect, test } from "vitest";
import type { JobResult, LeasedFile } from "../../worker/sync/job.ts";
import { success } from "../../worker/errors.ts";
import type { LargeTask, StoredPart } from "../../worker/sync/large.ts";
import { partsOf } from "../../worker/sync/large.ts";
import type { Entry } from "../../worker/providers/provider.ts";
import { applyRound } from "../providers/contract.ts";
import { SandboxDrive } from "../providers/sandbox-drive.ts";
import { consume, Desk, keyOf, keys, leased } from "./desk.ts";

const SMALL_BYTES = 5_000;
const LARGE_BYTES = 1_300_000;
const PARTED_BYTES = 11_000_003;
const PART_BYTES = 5 * 1024 ** 2;

afterEach(() => reset());

/** A drive with files of these sizes, and a job for them as a run that has just listed the drive would plan it. */
async function planned(sizes: number[], prepare?: (drive: SandboxDrive) => Promise<void>) {
  const drive = await SandboxDrive.open("contoso.example", "downloads");
  await drive.mutate(...sizes.map((bytes, i) => ({ op: "create" as const, path: `/${i}.bin`, bytes })));
  await prepare?.(drive);
  const feedId = await drive.feedId();
  const known = new Map<string, Entry>();
  await applyRound(drive.provider, feedId, null, known);
  const entries = [...known.values()].filter(({ kind }) => kind === "file").sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1));
  const files = entries.map((entry, index) => leased(entry, index));
  const desk = new Desk();
  const token = await drive.context.accessToken();
  desk.token = () => success(token);
  desk.offer("job-1", files, { provider: "onedrive", feedId });
  return { drive, desk, files };
}

async function stored(file: LeasedFile): Promise<string | null> {
  const object = await env.CONTENT.get(keyOf(file));
  return object && encodeHexLowerCase(new Uint8Array(await crypto.subtle.digest("SHA-256", await object.arrayBuffer())));
}

test("files of every size arrive with the source's bytes, one request each", async () => {
  const { drive, desk, files } = await planned([0, 1, 159, 160, 161, SMALL_BYTES, 1_048_576, 1_048_577, LARGE_BYTES]);
  await consume(desk, ["job-1"]);
  const tree = new Map((await drive.tree()).map((file) => [file.id, file]));
  for (const file of files) {
    expect(desk.results()[file.index]).toMatchObject({ outcome: "stored", sha256: tree.get(file.remoteId)?.sha256, differs: false });
    expect(await stored(file)).toBe(tree.get(file.remoteId)?.sha256);
  }
  expect(desk.settled).toMatchObject([{ usage: { providerRequests: 8, storagePuts: 9 } }]);
  expect(desk.tokens).toBe(0);
});

const CASES: [string, { times?: number }, object][] = [
  ["corrupt-body", { times: 1 }, { outcome: "stored", differs: false }],
  ["short-body", { times: 1 }, { outcome: "stored", differs: false }],
  ["corrupt-body", {}, { outcome: "failed", kind: "transient", differing: true }],
  ["short-body", {}, { outcome: "failed", kind: "transient", differing: true }],
  ["truncated-body", {}, { outcome: "failed", kind: "transient" }],
  ["chunked-body", {}, { outcome: "stored", differs: false }],
  ["download-expired", { times: 1 }, { outcome: "stored", differs: false }],
  ["download-not-found", { times: 1 }, { outcome: "stored", differs: false }],
  ["download-gone", { times: 1 }, { outcome: "stored", differs: false }],
  ["download-html", { times: 1 }, { outcome: "stored", differs: false }],
  ["download-expired", {}, { outcome: "failed", kind: "expired_url" }],
  ["download-html", {}, { outcome: "failed", kind: "expired_url" }],
  ["throttled", {}, { outcome: "failed", kind: "throttled", retryAfterSeconds: 2 }],
  ["server-busy", {}, { outcome: "failed", kind: "throttled", retryAfterSeconds: 2 }],
  ["bandwidth-exceeded", {}, { outcome: "failed", kind: "throttled", retryAfterSeconds: 3_600 }],
  ["locked", {}, { outcome: "failed", kind: "transient" }],
  ["bad-gateway", {}, { outcome: "failed", kind: "transient" }],
  ["malware", {}, { outcome: "failed", kind: "blocked" }],
  ["malware-html", {}, { outcome: "failed", kind: "blocked" }],
];

test.each(CASES.flatMap(([name, fault, result]) => [SMALL_BYTES, LARGE_BYTES].map((size) => [name, fault, size, result] as const)))(
  "a download that meets %s %j, of %i bytes",
  async (name, fault, size, result) => {
    const { drive, desk, files } = await planned([size]);
    await drive.fault({ name, ...fault });
    await consume(desk, ["job-1"]);
    expect(desk.results()).toEqual([expect.objectContaining(result)]);
    const kept = desk.results()[0]?.outcome === "stored";
    expect(await keys()).toEqual(kept ? files.map(keyOf) : []);
    if (kept) expect(await stored(files[0] as LeasedFile)).toBe((await drive.tree())[0]?.sha256);
  },
);

test.each(["hash-mismatch", "size-mismatch"])("a file that is listed with %s is stored as it is served, and marked", async (name) => {
  const { drive, desk, files } = await planned([SMALL_BYTES, LARGE_BYTES], (each) => each.fault({ name }));
  await consume(desk, ["job-1"]);
  expect(desk.results()).toMatchObject([
    { outcome: "stored", differs: true },
    { outcome: "stored", differs: true },
  ]);
  const tree = new Map((await drive.tree()).map((file) => [file.id, file.sha256]));
  for (const file of files) expect(await stored(file)).toBe(tree.get(file.remoteId));
});

test.each(["missing-hash", "missing-size", "missing-download-url"])("a file that is listed with %s arrives", async (name) => {
  const { drive, desk, files } = await planned([SMALL_BYTES, LARGE_BYTES], (each) => each.fault({ name }));
  await drive.mend();
  await consume(desk, ["job-1"]);
  const tree = new Map((await drive.tree()).map((file) => [file.id, file.sha256]));
  for (const file of files) expect(await stored(file)).toBe(tree.get(file.remoteId));
  expect(desk.results().map(({ outcome }) => outcome)).toEqual(["stored", "stored"]);
});

test("a file that was replaced after it was planned is reported as changed, with what there is now", async () => {
  const { drive, desk } = await planned([SMALL_BYTES]);
  await drive.mutate({ op: "update", path: "/0.bin", bytes: SMALL_BYTES });
  await consume(desk, ["job-1"]);
  expect(desk.results()).toMatchObject([{ outcome: "changed", entry: { name: "0.bin", size: SMALL_BYTES, download: expect.anything() } }]);
  expect(await keys()).toEqual([]);
});

test("a file that was deleted after it was planned is not found", async () => {
  const { drive, desk } = await planned([SMALL_BYTES]);
  await drive.mutate({ op: "delete", path: "/0.bin" });
  await consume(desk, ["job-1"]);
  expect(desk.results()).toMatchObject([{ outcome: "failed", kind: "not_found" }]);
});

test("a file that is fetched in parts, by ranges of its address, is whole, and fits its quickXorHash", async () => {
  const { drive, desk, files } = await planned([PARTED_BYTES]);
  const [file] = files as [LeasedFile];
  const { uploadId } = await env.CONTENT.createMultipartUpload(keyOf(file));
  const parts: StoredPart[] = [];
  for (const part of partsOf(PARTED_BYTES, { largeBytes: PART_BYTES, partBytes: PART_BYTES })) {
    const result = await settledFor(desk, { stage: "part", uploadId, ...part });
    if (result?.outcome !== "part") throw new Error(`No part: ${JSON.stringify(result)}`);
    parts.push({ ...part, etag: result.etag, quickXor: result.quickXor });
  }
  expect(file.hash).toMatch(/^quickXorHash:/);
  const [source] = await drive.tree();
  expect(await settledFor(desk, { stage: "finish", uploadId, parts, first: null })).toMatchObject({
    outcome: "stored",
    sha256: source?.sha256,
    differs: false,
  });
  expect(await stored(file)).toBe(source?.sha256);
});

test.each(["range-ignored", "range-not-satisfiable"])("a part that meets %s is none", async (name) => {
  const { drive, desk, files } = await planned([PARTED_BYTES]);
  const { uploadId } = await env.CONTENT.createMultipartUpload(keyOf(files[0] as LeasedFile));
  await drive.fault({ name });
  expect(await settledFor(desk, { stage: "part", uploadId, partNumber: 1, offset: 0, length: PART_BYTES })).toEqual({
    index: 0,
    outcome: "unranged",
  });
});

test.each(["short-body", "truncated-body"])("a part that meets %s once may be tried again", async (name) => {
  const { drive, desk, files } = await planned([PARTED_BYTES]);
  const { uploadId } = await env.CONTENT.createMultipartUpload(keyOf(files[0] as LeasedFile));
  await drive.fault({ name, times: 1 });
  const part = { stage: "part", uploadId, partNumber: 2, offset: PART_BYTES, length: PART_BYTES } as const;
  expect((await settledFor(desk, part))?.outcome).not.toBe("part");
  expect(await settledFor(desk, part)).toMatchObject({ outcome: "part" });
});

/** What a consumer settles for this stage of the first job's file. */
async function settledFor(desk: Desk, large: LargeTask): Promise<JobResult | undefined> {
  const job = desk.leases.get("job-1");
  if (job?.kind !== "leased") throw new Error("The job is offered.");
  desk.leases.set("job-1", { ...job, large });
  desk.settled.length = 0;
  await consume(desk, ["job-1"]);
  return desk.results()[0];
}
