import type { MirrorCounts } from "./counts.ts";

// What a finished run proves, and the bytes of it that are signed: docs/receipts.md. No I/O.

export interface Receipt {
  version: 1;
  syncId: string;
  runId: string;
  type: "full" | "incremental" | "verify";
  status: "completed" | "incomplete" | "held";
  startedAt: string;
  finishedAt: string;
  /** How far each change stream was read: SHA-256 of the cursor, which itself may be a secret. */
  feeds: { id: string; cursorSha256: string | null }[];
  counts: Omit<MirrorCounts, "bytes">;
  /** Of the contents in the mirror. */
  bytes: number;
  /** What a verify run found and mended, by kind; null for other runs. */
  drift: Record<string, number> | null;
  digest: { entries: number; root: string };
  /** SHA-256 of the canonical bytes of the receipt before this one; null for a sync's first. */
  previous: string | null;
}

export interface SignedReceipt {
  receipt: Receipt;
  /** Ed25519 over the canonical bytes, base64url. */
  signature: string;
  /** Names the public key. */
  keyId: string;
}

/** What `JSON.stringify` would write, with sorted names and no spaces: RFC 8785, for whole numbers. Throws on what it does not cover. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object") {
    const fields = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
    return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(",")}}`;
  }
  throw new Error("Only whole numbers, strings, lists and objects have a canonical form here.");
}

export function canonicalBytes(receipt: Receipt): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(canonicalJson(receipt)));
}
