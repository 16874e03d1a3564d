import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, expect, test } from "vitest";
import { compareIds, DigestRoot, RangeWalk } from "../../worker/sync/digest.ts";
import type { Receipt } from "../../worker/sync/receipt.ts";
import { canonicalBytes } from "../../worker/sync/receipt.ts";

// The command itself, on files that are as they should be, and on ones that were tampered with.

let directory: string;
let keys: { kid: string; x: string }[];
let sign: (receipt: Receipt) => Promise<void>;

const items = Array.from({ length: 2_500 }, (_, n) => {
  const sha256 = createHash("sha256").update(`content ${n}`).digest("hex");
  return n === 0
    ? { id: "root", parent: null, name: "root", kind: "folder", size: null, sha256: null }
    : { id: `item ${n}`, parent: "root", name: `файл ${n}`, kind: "file", size: `content ${n}`.length, sha256, key: `content/u/s/${n}` };
}).toSorted((one, other) => compareIds(one.id, other.id));

function digest(listed = items): { entries: number; root: string } {
  const walk = new RangeWalk("");
  const root = new DigestRoot();
  for (const item of listed) {
    const ended = walk.add(item);
    if (ended) root.add(ended);
  }
  root.add(walk.finish());
  return root.finish();
}

const none = { pending: 0, failed: 0, skipped: 0, excluded: 0, held: 0, unreachable: 0, kept: 0, restored: 0 };
const receipt: Receipt = {
  version: 1,
  syncId: "s",
  runId: "r",
  type: "full",
  status: "completed",
  startedAt: "2026-01-01T12:00:00.000Z",
  finishedAt: "2026-01-01T12:01:00.000Z",
  feeds: [{ id: "f", cursorSha256: null }],
  counts: { folders: 1, files: 2_499, stored: 2_499, ...none },
  bytes: 1,
  drift: null,
  digest: digest(),
  previous: null,
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "receipt-"));
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const { x = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  keys = [{ kid: "one", x }];
  sign = async (signed) => {
    const signature = await crypto.subtle.sign("Ed25519", pair.privateKey, canonicalBytes(signed));
    await write("receipt", JSON.stringify({ receipt: signed, signature: Buffer.from(signature).toString("base64url"), keyId: "one" }));
  };
  await sign(receipt);
  await writeKeys();
  await writeListing(items);
});

function write(name: string, text: string): Promise<void> {
  return writeFile(join(directory, name), text);
}

function writeKeys(): Promise<void> {
  return write("keys", JSON.stringify({ keys: keys.map((key) => ({ kty: "OKP", crv: "Ed25519", ...key })) }));
}

function writeListing(lines: readonly object[]): Promise<void> {
  return write("listing", lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

async function verify(...more: string[]): Promise<{ code: number; text: string }> {
  const files = ["receipt", "keys", "listing"].flatMap((name) => [`--${name}`, join(directory, name)]);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ["scripts/verify-receipt.ts", ...files, ...more]);
    return { code: 0, text: stdout };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, text: stderr };
  }
}

async function refused(): Promise<string> {
  const { code, text } = await verify();
  expect(code).toBe(1);
  return text;
}

test("a genuine receipt and its listing are verified", async () => {
  const { code, text } = await verify();
  expect({ code, text }).toEqual({ code: 0, text: expect.stringContaining("2500 items") as string });
  expect(text).toContain("signed with the key “one”");
});

test("a receipt that was changed is told from its signature", async () => {
  const signed = JSON.parse(await (await import("node:fs/promises")).readFile(join(directory, "receipt"), "utf8")) as { receipt: Receipt };
  await write("receipt", JSON.stringify({ ...signed, receipt: { ...signed.receipt, bytes: 2 } }));
  expect(await refused()).toContain("The signature does not fit");
});

test("another key of the same name does not verify it, and a missing one is named", async () => {
  const { publicKey } = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const { x = "" } = await crypto.subtle.exportKey("jwk", publicKey);
  keys = [{ kid: "one", x }];
  await writeKeys();
  expect(await refused()).toContain("The signature does not fit");
  keys = [{ kid: "two", x }];
  await writeKeys();
  expect(await refused()).toContain("“one”, which is not among the keys");
});

test("a listing with one name changed, an item less, or two items exchanged is not the receipt's", async () => {
  await writeListing(items.with(1_000, { ...items[1_000]!, name: "renamed" }));
  expect(await refused()).toContain("The listing is another than the receipt is about");
  await writeListing(items.toSpliced(7, 1));
  expect(await refused()).toContain("The listing has 2499 items, the receipt is about 2500");
  await writeListing(items.with(3, items[4]!).with(4, items[3]!));
  expect(await refused()).toContain("not in the order of its ids: line 5");
});

test("a name that has a line separator in it ends no line", async () => {
  const named = items.with(1_000, { ...items[1_000]!, name: "one\u2028two\u2029three\u0085four\r\nfive" });
  await writeListing(named);
  await sign({ ...receipt, digest: digest(named) });
  expect(await verify()).toMatchObject({ code: 0 });
});

test("what makes no sense is refused in words", async () => {
  await write("listing", "null\n");
  expect(await refused()).toContain("Line 1 of the listing is not an item");
  await writeListing(items);
  await write("keys", "null");
  expect(await refused()).toContain("The key file is no set of keys");
  await writeKeys();
  await write("receipt", JSON.stringify({ receipt: null, signature: "", keyId: "one" }));
  expect(await refused()).toContain("not a signed receipt");
});

async function writeBucket(): Promise<string> {
  const bucket = join(directory, "bucket");
  for (const { key, id } of items) {
    if (key === undefined) continue;
    await mkdir(dirname(join(bucket, key)), { recursive: true });
    await writeFile(join(bucket, key), `content ${id.slice(5)}`);
  }
  return bucket;
}

test("a file that the listing calls a folder is compared all the same, since no digest covers that word", async () => {
  const bucket = await writeBucket();
  await writeFile(join(bucket, "content/u/s/17"), "content 71");
  await writeListing(items.map((item) => (item.id === "item 17" ? { ...item, kind: "folder" } : item)));
  const { code, text } = await verify("--bucket", bucket);
  expect(code).toBe(1);
  expect(text).toContain("1 of 2499 files differ from the listing:\n  “файл 17” (content/u/s/17): other bytes");
});

test("a copy of the bucket is compared, byte by byte", async () => {
  const bucket = await writeBucket();
  expect((await verify("--bucket", bucket)).text).toContain("all 2499 files");
  await writeFile(join(bucket, "content/u/s/17"), "content 71");
  const { code, text } = await verify("--bucket", bucket);
  expect(code).toBe(1);
  expect(text).toContain("1 of 2499 files differ from the listing:\n  “файл 17” (content/u/s/17): other bytes");
});

test("what cannot be examined is neither right nor wrong", async () => {
  expect(await verify("--listing", join(directory, "none"))).toMatchObject({ code: 2 });
});
