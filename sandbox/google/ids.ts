import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import type { ItemIds } from "../accounts.ts";
import { ROOT_N } from "../drives/store.ts";

const ROOT_SUFFIX = "Uk9PVA";
const ROOT_CHARACTERS = 13;
const FILE_ID = /^1[A-Za-z0-9_-]{32}$/;
const BLOCK_BYTES = 16;
const MARK_BYTES = 8;
const SUBJECT_DIGITS = 21;
const NIL_IV = null;

export const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** A drive's id is the id of its root folder. */
export const rootIdOf = (name: string): string =>
  `0A${digest(`drive of ${name}`).toString("base64url").slice(0, ROOT_CHARACTERS)}${ROOT_SUFFIX}`;

/** The account's number at Google: the same for every client. */
export const subjectOf = (name: string): string =>
  `1${BigInt(`0x${digest(`subject ${name}`).toString("hex")}`)
    .toString()
    .slice(0, SUBJECT_DIGITS - 1)}`;

/** Of one drive: numbers and ids are each other's cipher, so that no table is needed, and a mark tells another drive's ids. */
export function driveIds(name: string): ItemIds {
  const key = digest(`items of ${name}`);
  const cipher = createCipheriv("aes-128-ecb", key.subarray(0, BLOCK_BYTES), NIL_IV).setAutoPadding(false);
  const decipher = createDecipheriv("aes-128-ecb", key.subarray(0, BLOCK_BYTES), NIL_IV).setAutoPadding(false);
  const rootId = rootIdOf(name);
  const id = (n: number): string => {
    if (n === ROOT_N) return rootId;
    const block = Buffer.alloc(BLOCK_BYTES);
    block.writeBigUInt64BE(BigInt(n), BLOCK_BYTES - 8);
    const sealed = cipher.update(block);
    return `1${Buffer.concat([sealed, digest(`${name} ${n}`).subarray(0, MARK_BYTES)]).toString("base64url")}`;
  };
  const parse = (text: string): number | undefined => {
    if (text === rootId) return ROOT_N;
    if (!FILE_ID.test(text)) return undefined;
    const block = decipher.update(Buffer.from(text.slice(1), "base64url").subarray(0, BLOCK_BYTES));
    if (block.readBigUInt64BE(0) !== 0n) return undefined;
    const n = Number(block.readBigUInt64BE(BLOCK_BYTES - 8));
    return Number.isSafeInteger(n) && id(n) === text ? n : undefined;
  };
  return { id, parse };
}
