import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import type { ItemIds } from "../accounts.ts";

const BLOCK_BYTES = 16;
const NIL_IV = null;
const URN = /^urn:adsk\.wip(?:prod|emea):(?:fs\.folder:co|dm\.lineage:|fs\.file:vf)\.?([A-Za-z0-9_-]{22})(?:\?version=\d+)?$/;

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

export type Region = "US" | "EMEA";

/** The ids of one project's folders, items and versions. */
export type ProjectIds = ItemIds & { folder: (n: number) => string; version: (n: number, number: number) => string };

/** A UUID that follows from a text. */
export function uuidOf(text: string): string {
  return toUuid(digest(text));
}

export function toUuid(bytes: Buffer): string {
  const hex = bytes.subarray(0, BLOCK_BYTES).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** What Autodesk knows a person by. */
export const userIdOf = (name: string): string =>
  digest(`user ${name}`)
    .toString("base64url")
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, "X")
    .slice(0, 12);

/** Numbers and ids are each other's cipher, so that no table is needed; those of another project mean nothing. */
export function projectIds(name: string, region: Region): ProjectIds {
  const key = digest(`items of ${name}`).subarray(0, BLOCK_BYTES);
  const cipher = createCipheriv("aes-128-ecb", key, NIL_IV).setAutoPadding(false);
  const decipher = createDecipheriv("aes-128-ecb", key, NIL_IV).setAutoPadding(false);
  const place = region === "EMEA" ? "wipemea" : "wipprod";
  const sealed = (n: number): string => {
    const block = Buffer.alloc(BLOCK_BYTES);
    block.writeBigUInt64BE(BigInt(n), BLOCK_BYTES - 8);
    return cipher.update(block).toString("base64url");
  };
  return {
    id: (n) => `urn:adsk.${place}:dm.lineage:${sealed(n)}`,
    folder: (n) => `urn:adsk.${place}:fs.folder:co.${sealed(n)}`,
    version: (n, number) => `urn:adsk.${place}:fs.file:vf.${sealed(n)}?version=${number}`,
    parse: (urn) => {
      const [, text] = URN.exec(urn) ?? [];
      if (text === undefined) return undefined;
      const block = decipher.update(Buffer.from(text, "base64url"));
      const n = Number(block.readBigUInt64BE(BLOCK_BYTES - 8));
      return block.readBigUInt64BE(0) === 0n && Number.isSafeInteger(n) && n > 0 ? n : undefined;
    },
  };
}
