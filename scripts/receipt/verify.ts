import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join, normalize, sep } from "node:path";
import type { MirrorEntry } from "../../worker/sync/digest.ts";
import { compareIds, DigestRoot, RangeWalk } from "../../worker/sync/digest.ts";
import type { Receipt } from "../../worker/sync/receipt.ts";
import { canonicalBytes } from "../../worker/sync/receipt.ts";

// Whether a receipt is genuine, and a listing what it is about. Nothing is asked of the Tidemark that issued it.

/** Differing contents that are named one by one. */
const NAMED_MAX = 20;

/** What is wrong, in words for the person who asked. */
export class NotVerified extends Error {
  override readonly name = "NotVerified";
}

interface SignedReceipt {
  receipt: Receipt;
  signature: string;
  keyId: string;
}

/** The file's receipt. Throws `NotVerified` where it is none. */
export function parseReceipt(text: string): SignedReceipt {
  const signed = parseJson(text, "The receipt") as Partial<SignedReceipt> | null;
  const isSigned = typeof signed?.signature === "string" && typeof signed.keyId === "string";
  if (!isSigned || typeof signed.receipt !== "object" || signed.receipt === null) {
    throw new NotVerified("The receipt's file is not a signed receipt: it needs receipt, signature and keyId.");
  }
  if (signed.receipt.version !== 1) throw new NotVerified("This receipt is of a version that is not known here.");
  return signed as SignedReceipt;
}

/** Checks the signature by a JSON Web Key Set. Throws `NotVerified`. */
export async function verifySignature(signed: SignedReceipt, keys: string): Promise<void> {
  const published = (parseJson(keys, "The key file") as { keys?: (JsonWebKey & { kid?: string })[] } | null)?.keys;
  if (!Array.isArray(published)) throw new NotVerified("The key file is no set of keys.");
  const key = published.find(({ kid }) => kid === signed.keyId);
  if (!key) throw new NotVerified(`The receipt is signed with the key “${signed.keyId}”, which is not among the keys.`);
  const { kty = "", crv = "", x = "" } = key;
  let genuine: boolean;
  try {
    const publicKey = await crypto.subtle.importKey("jwk", { kty, crv, x }, "Ed25519", false, ["verify"]);
    const signature = Buffer.from(signed.signature, "base64url");
    genuine = await crypto.subtle.verify("Ed25519", publicKey, signature, canonicalBytes(signed.receipt));
  } catch (cause) {
    throw new NotVerified(`The key “${signed.keyId}” is not an Ed25519 key that could be used.`, { cause });
  }
  if (!genuine) throw new NotVerified("The signature does not fit: the receipt was changed, or it was signed with another key.");
}

/** A line of a listing. Its `kind` is left alone: what no digest covers proves nothing. */
export interface ListedItem extends MirrorEntry {
  key: string | null;
}

/** The lines of a text. Nothing but a line feed ends one: names may have every other separator in them. */
export async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of text) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  yield rest;
}

/** Computes the listing's digest and compares it with the receipt's. Each item is passed on. Throws `NotVerified`. */
export async function verifyListing(
  receipt: Receipt,
  lines: AsyncIterable<string>,
  onItem: (item: ListedItem) => Promise<void> = async () => undefined,
): Promise<void> {
  const walk = new RangeWalk("");
  const ranges = new DigestRoot();
  let last: string | null = null;
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line === "") continue;
    const item = parseItem(line, number);
    if (last !== null && compareIds(last, item.id) >= 0) {
      throw new NotVerified(`The listing is not in the order of its ids: line ${number} names “${item.id}” after “${last}”.`);
    }
    last = item.id;
    const ended = walk.add(item);
    if (ended) ranges.add(ended);
    await onItem(item);
  }
  ranges.add(walk.finish());
  const { entries, root } = ranges.finish();
  if (entries !== receipt.digest.entries) {
    throw new NotVerified(`The listing has ${entries} items, the receipt is about ${receipt.digest.entries}.`);
  }
  if (root !== receipt.digest.root) {
    throw new NotVerified(
      `The listing is another than the receipt is about: its digest is ${root}, the receipt says ${receipt.digest.root}.`,
    );
  }
}

/** Compares the files of a copy of the bucket with what the listing says of them. */
export function bucketCheck(directory: string): { check(item: ListedItem): Promise<void>; finish(): number } {
  const differing: string[] = [];
  let files = 0;
  return {
    async check({ id, name, sha256, key }) {
      if (sha256 === null) return;
      if (typeof key !== "string" || normalize(key).startsWith(`..${sep}`))
        throw new NotVerified(`“${name}” (${id}) has no key in the listing.`);
      files += 1;
      const found = await sha256OfFile(join(directory, key));
      if (found !== sha256) differing.push(`“${name}” (${key}): ${found === null ? "there is no such file" : "other bytes"}`);
    },
    /** The number of files, all of which are as listed. Throws `NotVerified`. */
    finish() {
      if (differing.length === 0) return files;
      const more = differing.length > NAMED_MAX ? [`and ${differing.length - NAMED_MAX} more`] : [];
      throw new NotVerified(
        [`${differing.length} of ${files} files differ from the listing:`, ...differing.slice(0, NAMED_MAX), ...more].join("\n  "),
      );
    },
  };
}

async function sha256OfFile(path: string): Promise<string | null> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return hash.digest("hex");
}

function parseItem(line: string, number: number): ListedItem {
  const item = parseJson(line, `Line ${number} of the listing`) as Partial<ListedItem> | null;
  if (typeof item?.id !== "string" || typeof item.name !== "string") {
    throw new NotVerified(`Line ${number} of the listing is not an item: it has no id or no name.`);
  }
  const { id, name, parent = null, size = null, sha256 = null, key = null } = item;
  return { id, name, parent, size, sha256, key };
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NotVerified(`${what} is not JSON.`, { cause });
  }
}
