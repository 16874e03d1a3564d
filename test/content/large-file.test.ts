import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createMemoryDrive, memoryProvider } from "../../worker/providers/memory.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import { providers } from "../../worker/providers/registry.ts";
import type { JobResult, LeasedFile } from "../../worker/sync/job.ts";
import type { LargeTask, StoredPart } from "../../worker/sync/large.ts";
import { partsOf } from "../../worker/sync/large.ts";
import { type Content, contentOf, PART_BYTES, putLarge } from "../support/large.ts";
import { consume, Desk, keyOf, keys, leased } from "./desk.ts";

// One stage of a large file at a time, as a consumer is given it.

const SIZE = 2 * PART_BYTES + 999_983;
const LIMITS = { largeBytes: PART_BYTES, partBytes: PART_BYTES };
const OTHER_BYTE = PART_BYTES + 77;
let content: Content;
let other: Content;

beforeAll(async () => {
  content = await contentOf(SIZE);
  const bytes = content.bytes.slice();
  bytes[OTHER_BYTE] = (bytes[OTHER_BYTE] ?? 0) ^ 1;
  other = { ...(await contentOf(0)), bytes };
});

afterEach(async () => {
  providers.delete("memory");
  await reset();
});

interface Scene {
  drive: MemoryDrive;
  file: LeasedFile;
  desk: Desk;
  /** What a consumer settles for this stage. */
  work(task: LargeTask, more?: Partial<LeasedFile>): Promise<JobResult | undefined>;
  upload(): Promise<string>;
}

async function scene(algorithm: "sha256" | "quickXorHash" = "quickXorHash"): Promise<Scene> {
  const drive = createMemoryDrive();
  const id = putLarge(drive, "/large.bin", content, algorithm);
  const definition = memoryProvider(drive);
  providers.set("memory", definition);
  const context = { fetch, now: Date.now, accessToken: async () => "token" };
  const [found] = await definition.create(env, context).lookup(drive.id, [id]);
  if (found?.status !== "found") throw new Error("The file is there.");
  const file = leased(found.entry, 0);
  const desk = new Desk();
  drive.requests.lookup = 0;
  return {
    drive,
    file,
    desk,
    work: async (large, more = {}) => {
      desk.settled.length = 0;
      desk.offer("job-1", [{ ...file, ...more }], { large });
      await consume(desk, ["job-1"]);
      return desk.results()[0];
    },
    upload: async () => (await env.CONTENT.createMultipartUpload(keyOf(file))).uploadId,
  };
}

/** Every part of the file in an upload, as the ledger would have them. */
async function uploaded(at: Scene): Promise<{ uploadId: string; parts: StoredPart[] }> {
  const uploadId = await at.upload();
  const parts: StoredPart[] = [];
  for (const part of partsOf(SIZE, LIMITS)) {
    const result = await at.work({ stage: "part", uploadId, ...part });
    if (result?.outcome !== "part") throw new Error(`No part: ${JSON.stringify(result)}`);
    parts.push({ ...part, etag: result.etag, quickXor: result.quickXor });
  }
  return { uploadId, parts };
}

const SECOND = { partNumber: 2, offset: PART_BYTES, length: PART_BYTES };
const LAST = { partNumber: 3, offset: 2 * PART_BYTES, length: SIZE - 2 * PART_BYTES };

describe("begin", () => {
  it("looks the file up again, opens an upload, and says the address that it found", async () => {
    const at = await scene();
    const result = await at.work({ stage: "begin" });
    expect(result).toMatchObject({ outcome: "begun", uploadId: expect.any(String), download: { url: expect.stringContaining("memory:") } });
    expect(at.drive.requests).toMatchObject({ lookup: 1, open: 0 });
  });

  it("opens none where the file has changed", async () => {
    const at = await scene();
    change(at);
    expect(await at.work({ stage: "begin" })).toMatchObject({ outcome: "changed" });
  });

  it("opens none at a source without ranges", async () => {
    const at = await scene();
    at.drive.settings.rangedReads = false;
    expect(await at.work({ stage: "begin" })).toEqual({ index: 0, outcome: "unranged" });
  });

  it("ends the upload that the object did not take", async () => {
    const at = await scene();
    at.desk.answer = () => ({ accepted: false, discard: [] });
    const result = await at.work({ stage: "begin" });
    if (result?.outcome !== "begun") throw new Error("An upload was opened.");
    const upload = env.CONTENT.resumeMultipartUpload(keyOf(at.file), result.uploadId);
    await expect(upload.uploadPart(1, "late")).rejects.toThrow(/does not exist/);
  });
});

describe("part", () => {
  it("brings its share of the quickXorHash, and asks the source for nothing else", async () => {
    const at = await scene();
    const result = await at.work({ stage: "part", uploadId: await at.upload(), ...SECOND });
    expect(result).toMatchObject({ outcome: "part", etag: expect.any(String), quickXor: expect.stringMatching(/^.{216}$/) });
    expect(at.drive.requests).toMatchObject({ lookup: 0, open: 1 });
    expect(at.desk.settled.at(-1)?.usage).toEqual({ providerRequests: 1, storagePuts: 1 });
  });

  it("brings no share where the source announces another hash", async () => {
    const at = await scene("sha256");
    expect(await at.work({ stage: "part", uploadId: await at.upload(), ...LAST })).toMatchObject({ outcome: "part", quickXor: null });
  });

  it.each([
    ["is cut short", { truncateAt: 1_000_000 }],
    ["breaks off", { breakAt: 1_000_000 }],
  ])("whose download %s is no part, and may be tried again", async (_, misreport) => {
    const at = await scene();
    at.drive.misreport("/large.bin", misreport);
    const uploadId = await at.upload();
    expect(await at.work({ stage: "part", uploadId, ...SECOND })).toMatchObject({ outcome: "failed", kind: "transient" });
    at.drive.reportTruly("/large.bin");
    expect(await at.work({ stage: "part", uploadId, ...SECOND })).toMatchObject({ outcome: "part" });
  });

  it("whose address has run out asks for a new one, once", async () => {
    const at = await scene();
    const download = { url: "memory:gone/1?expires=1", at: Date.now() };
    expect(await at.work({ stage: "part", uploadId: await at.upload(), ...SECOND }, { download })).toMatchObject({ outcome: "part" });
    expect(at.drive.requests).toMatchObject({ lookup: 1, open: 2 });
  });

  it("whose address has run out since the file changed says what the source has now", async () => {
    const at = await scene();
    change(at);
    expect(await at.work({ stage: "part", uploadId: await at.upload(), ...SECOND })).toMatchObject({
      outcome: "changed",
      entry: { size: 3 },
    });
  });

  it.each([
    ["answers with everything", (at: Scene) => void (at.drive.settings.ignoresRanges = true), SECOND],
    ["has fewer bytes than it announces", (at: Scene) => serve(at, content.bytes.subarray(0, SIZE - 1)), LAST],
    ["has none where the part begins", (at: Scene) => serve(at, content.bytes.subarray(0, PART_BYTES)), LAST],
    ["has more bytes than it announces", (at: Scene) => serve(at, new Uint8Array(SIZE + 1)), SECOND],
  ])("of a source that %s is none", async (_, set, part) => {
    const at = await scene();
    set(at);
    expect(await at.work({ stage: "part", uploadId: await at.upload(), ...part })).toEqual({ index: 0, outcome: "unranged" });
    expect(at.drive.requests.lookup, "whether it has changed is asked first").toBe(1);
  });

  it("whose upload is no more is a failure of the storage", async () => {
    const at = await scene();
    const uploadId = await at.upload();
    await env.CONTENT.resumeMultipartUpload(keyOf(at.file), uploadId).abort();
    expect(await at.work({ stage: "part", uploadId, ...LAST })).toMatchObject({ outcome: "failed", kind: "storage" });
  });
});

function change({ drive }: Scene): void {
  drive.put("/large.bin", "new");
  drive.reportTruly("/large.bin");
}

function serve({ drive }: Scene, served: Uint8Array): void {
  const { misreportOf } = drive;
  drive.misreport("/large.bin", { ...misreportOf.call(drive, drive.item("/large.bin").id), served });
}

describe("finish", () => {
  it.each(["quickXorHash", "sha256"] as const)("makes an object of the parts, with our SHA-256, where the %s fits", async (algorithm) => {
    const at = await scene(algorithm);
    const upload = await uploaded(at);
    const result = await at.work({ stage: "finish", ...upload, first: null });
    expect(result).toMatchObject({ outcome: "stored", size: SIZE, sha256: content.sha256, differs: false, storedId: at.file.storedId });
    const object = await env.CONTENT.get(keyOf(at.file));
    expect(new Uint8Array((await object?.arrayBuffer()) ?? []).byteLength).toBe(SIZE);
  });

  it("may be repeated after the object came into being and nobody heard of it", async () => {
    const at = await scene();
    const upload = await uploaded(at);
    const first = await at.work({ stage: "finish", ...upload, first: null });
    expect(await at.work({ stage: "finish", ...upload, first: null })).toEqual(first);
    expect(at.drive.requests.open, "nothing is fetched again").toBe(3);
  });

  it("stores nothing where the file has changed meanwhile", async () => {
    const at = await scene();
    const upload = await uploaded(at);
    change(at);
    expect(await at.work({ stage: "finish", ...upload, first: null })).toMatchObject({ outcome: "changed", entry: { size: 3 } });
    expect(await keys()).toEqual([]);
  });

  it("makes no object of other bytes than the quickXorHash announces", async () => {
    const at = await scene();
    serve(at, other.bytes);
    const upload = await uploaded(at);
    const result = await at.work({ stage: "finish", ...upload, first: null });
    expect(result).toMatchObject({ outcome: "mismatch", digest: expect.stringMatching(/^quickXorHash:/) });
    expect(await keys()).toEqual([]);
    const again = result?.outcome === "mismatch" ? result.digest : null;
    expect(await at.work({ stage: "finish", ...upload, first: again })).toMatchObject({ outcome: "stored", differs: true });
  });

  it("finds other bytes than a sha256 announces when it reads the object back, and keeps them if they came before", async () => {
    const at = await scene("sha256");
    serve(at, other.bytes);
    const upload = await uploaded(at);
    const result = await at.work({ stage: "finish", ...upload, first: null });
    expect(result).toMatchObject({ outcome: "mismatch", digest: expect.stringMatching(/^sha256:/) });
    const first = result?.outcome === "mismatch" ? result.digest : null;
    expect(await at.work({ stage: "finish", ...upload, first: "sha256:others" })).toMatchObject({ outcome: "mismatch" });
    expect(await at.work({ stage: "finish", ...upload, first })).toMatchObject({ outcome: "stored", differs: true });
  });

  it("is a failure of the storage where a part is missing", async () => {
    const at = await scene();
    const { uploadId, parts } = await uploaded(at);
    const wrong = parts.map((part) => (part.partNumber === 2 ? { ...part, etag: "another" } : part));
    expect(await at.work({ stage: "finish", uploadId, parts: wrong, first: null })).toMatchObject({ outcome: "failed", kind: "storage" });
    expect(await keys()).toEqual([]);
  });
});

describe("whole", () => {
  it("streams the file into parts of one upload, which the object hears of first", async () => {
    const at = await scene("sha256");
    at.drive.settings.rangedReads = false;
    await at.work({ stage: "whole", partBytes: PART_BYTES });
    expect(at.desk.results()).toMatchObject([
      { outcome: "begun" },
      { outcome: "stored", size: SIZE, sha256: content.sha256, differs: false },
    ]);
    expect(at.desk.settled[0]).toMatchObject({ done: false, results: [{ outcome: "begun" }] });
    expect(await keys()).toEqual([keyOf(at.file)]);
  });

  it("keeps other bytes than announced only if they come twice", async () => {
    const at = await scene();
    serve(at, other.bytes.subarray(0, SIZE - 5));
    await at.work({ stage: "whole", partBytes: PART_BYTES });
    expect(at.desk.results().at(-1)).toMatchObject({ outcome: "stored", size: SIZE - 5, differs: true });
    expect(at.drive.requests.open).toBe(2);
  });

  it("leaves neither object nor upload where it breaks off", async () => {
    const at = await scene("sha256");
    at.drive.misreport("/large.bin", { breakAt: PART_BYTES + 1_000_000 });
    await at.work({ stage: "whole", partBytes: PART_BYTES });
    const [begun, failed] = at.desk.results();
    expect(failed).toMatchObject({ outcome: "failed", kind: "transient" });
    expect(await keys()).toEqual([]);
    if (begun?.outcome !== "begun") throw new Error("An upload was opened.");
    await expect(env.CONTENT.resumeMultipartUpload(keyOf(at.file), begun.uploadId).uploadPart(1, "late")).rejects.toThrow(/does not exist/);
  });
});
