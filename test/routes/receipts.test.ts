import { decodeBase64urlIgnorePadding, encodeHexLowerCase } from "@oslojs/encoding";
import { sha256 } from "@oslojs/crypto/sha2";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { timeId } from "../../worker/ids.ts";
import type { MirrorEntry } from "../../worker/sync/digest.ts";
import { DigestRoot, RangeWalk } from "../../worker/sync/digest.ts";
import { canonicalBytes } from "../../worker/sync/receipt.ts";
import type { Run, SignedReceipt } from "../../worker/wire.ts";
import { signedReceipt } from "../../worker/wire.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, settled } from "../support/memory-user.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedRun, seedSession } from "./seed.ts";

let user: MemoryUser;
let cookie: string;

beforeAll(async () => {
  user = await createMemoryUser((drive) => {
    for (let n = 0; n < 30; n += 1) drive.put(`/docs/${n % 3}/файл ${n}.txt`, `content ${n}`);
    drive.put("/empty", "");
  });
  cookie = await seedSession(user.userId);
  await settled(user);
});

async function lastRun(): Promise<Run> {
  const { items } = await callJson<{ items: Run[] }>(`/api/v1/syncs/${user.syncId}/runs`, { cookie });
  if (!items[0]) throw new Error("The sync has no run.");
  return items[0];
}

async function receiptOf(runId: string): Promise<SignedReceipt> {
  return signedReceipt.parse(await callJson(`/api/v1/runs/${runId}/receipt`, { cookie }));
}

interface Line extends MirrorEntry {
  kind: string;
  key?: string;
}

async function listing(): Promise<{ lines: Line[]; response: Response }> {
  const response = await call(`/api/v1/syncs/${user.syncId}/listing`, { cookie });
  const text = new TextDecoder().decode(await response.arrayBuffer());
  return { lines: text.trimEnd().split("\n").map((line) => JSON.parse(line) as Line), response }; // prettier-ignore
}

function digestOf(lines: readonly Line[]): { entries: number; root: string } {
  const walk = new RangeWalk("");
  const root = new DigestRoot();
  for (const line of lines) {
    const ended = walk.add(line);
    if (ended) root.add(ended);
  }
  root.add(walk.finish());
  return root.finish();
}

async function isGenuine({ receipt, signature, keyId }: SignedReceipt, env: Partial<Env> = {}): Promise<boolean> {
  const { keys } = await callJson<{ keys: (JsonWebKey & { kid: string })[] }>("/.well-known/tidemark-receipt-keys.json", { env });
  const key = keys.find(({ kid }) => kid === keyId);
  if (!key) throw new Error(`The key ${keyId} is not published.`);
  const publicKey = await crypto.subtle.importKey("jwk", key, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", publicKey, new Uint8Array(decodeBase64urlIgnorePadding(signature)), canonicalBytes(receipt));
}

describe("a receipt", () => {
  it("is signed with a published key, and matches the listing of what it is about", async () => {
    const run = await lastRun();
    const signed = await receiptOf(run.id);
    expect(await isGenuine(signed)).toBe(true);
    expect(await isGenuine({ ...signed, receipt: { ...signed.receipt, bytes: signed.receipt.bytes + 1 } })).toBe(false);
    const { lines, response } = await listing();
    expect(response.headers.get("tidemark-receipt")).toBe(run.id);
    expect(digestOf(lines)).toEqual(signed.receipt.digest);
    expect(lines.filter(({ kind }) => kind === "file")).toHaveLength(31);
    expect(signed.receipt).toMatchObject({ type: "full", status: "completed", previous: null, drift: null });
    expect(signed.receipt.counts).toMatchObject({ folders: 5, files: 31, stored: 31, failed: 0, kept: 0 });
    expect(signed.receipt.bytes).toBe(user.drive.files().reduce((sum, { bytes }) => sum + bytes.byteLength, 0));
    expect(signed.receipt.finishedAt).toBe(run.finishedAt);
  });

  it("names the one before it, and follows what changed", async () => {
    const before = await receiptOf((await lastRun()).id);
    const { drive } = user;
    drive.put("/docs/0/файл 0.txt", "other content");
    drive.rename(drive.mkdir("/docs/1"), "renamed");
    drive.delete(drive.mkdir("/docs/2"));
    drive.put("/blocked.txt", "refused");
    const { id } = unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await settled(user);
    const signed = await receiptOf(id);
    expect(signed.receipt.previous).toBe(encodeHexLowerCase(sha256(canonicalBytes(before.receipt))));
    expect(signed.receipt.digest.root).not.toBe(before.receipt.digest.root);
    expect(digestOf((await listing()).lines)).toEqual(signed.receipt.digest);
    expect(signed.receipt.feeds[0]?.cursorSha256).not.toBe(before.receipt.feeds[0]?.cursorSha256);
    expect(signed.receipt.counts).toMatchObject({ folders: 4, files: 22, stored: 22 });
  });

  it("stays verifiable under a new master key, as long as the old one is configured", async () => {
    const signed = await receiptOf((await lastRun()).id);
    const old = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const MASTER_KEYS = `next:HxwdHhsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA,${old}`;
    expect(await isGenuine(signed, { MASTER_KEYS })).toBe(true);
    const response = await call("/.well-known/tidemark-receipt-keys.json", { env: { MASTER_KEYS } });
    expect(response.headers.get("cache-control")).toBe("public, max-age=3600");
    const { keys } = await response.json<{ keys: Record<string, string>[] }>();
    expect(keys.map(({ kid }) => kid)).toEqual(["next", "test"]);
    for (const key of keys) expect(Object.keys(key).toSorted()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
  });

  it("is none of a run that goes on, failed or was cancelled", async () => {
    const failed = await seedRun({ userId: user.userId, syncId: user.syncId, id: timeId(1), status: "failed" });
    const response = await call(`/api/v1/runs/${failed}/receipt`, { cookie });
    expect(response.status).toBe(404);
    expect(await errorCode(response)).toBe("run.no_receipt");
  });
});
