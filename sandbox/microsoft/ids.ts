import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import type { ItemIds as AnyItemIds } from "../accounts.ts";
import { ROOT_N } from "../drives/store.ts";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const NIL_IV = null;
// Every root of a SharePoint drive ends in the same 25 characters.
const ROOT_GUID = guidFromBytes(fromBase32(`AAAAAAV6Y2GOVW7725BZO354PWSELRRZ`).subarray(4));
const PERSONAL_NUMBER_OFFSET = 100;

/** Items have a GUID besides their id. */
export type ItemIds = AnyItemIds & { guid: (n: number) => string };

/** SharePoint's form: `01`, then base32 of four bytes for the drive and sixteen for the item's GUID. */
export function businessIds(driveKey: string): ItemIds {
  const guids = guidCodec(driveKey);
  const prefix = digest(`prefix ${driveKey}`).subarray(0, 4);
  return {
    id: (n) => `01${toBase32(Buffer.concat([prefix, bytesFromGuid(guids.guid(n))]))}`,
    parse: (id) => {
      if (!/^01[A-Z2-7]{32}$/i.test(id)) return undefined;
      const bytes = fromBase32(id.slice(2).toUpperCase());
      return bytes.subarray(0, 4).equals(prefix) ? guids.number(guidFromBytes(bytes.subarray(4))) : undefined;
    },
    guid: guids.guid,
  };
}

/** The form of personal drives before their migration: `CID!number`. */
export function personalIds(cid: string): ItemIds {
  const guids = guidCodec(cid);
  return {
    id: (n) => `${cid.toUpperCase()}!${n + PERSONAL_NUMBER_OFFSET}`,
    parse: (id) => {
      const [owner, number] = id.split("!");
      if (owner?.toLowerCase() !== cid.toLowerCase() || !/^\d+$/.test(number ?? "")) return undefined;
      return Number(number) - PERSONAL_NUMBER_OFFSET;
    },
    guid: guids.guid,
  };
}

/** The form of personal drives after their migration: `CID!s` and the item's GUID. */
export function migratedIds(cid: string): ItemIds {
  const guids = guidCodec(cid);
  return {
    id: (n) => `${cid.toUpperCase()}!s${guids.guid(n).replaceAll("-", "").toLowerCase()}`,
    parse: (id) => {
      const match = /^([0-9a-f]+)!s([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/i.exec(id);
      if (match?.[1]?.toLowerCase() !== cid.toLowerCase()) return undefined;
      return guids.number(match.slice(2).join("-"));
    },
    guid: guids.guid,
  };
}

/** A GUID that is always the same for the same text. */
export function guidOf(text: string): string {
  const bytes = digest(text).subarray(0, 16);
  bytes[7] = ((bytes[7] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return guidFromBytes(bytes).toLowerCase();
}

export function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

// Numbers and GUIDs of a drive are each other's cipher: no table is needed, and no GUID is used twice.
function guidCodec(key: string): { guid: (n: number) => string; number: (guid: string) => number | undefined } {
  const secret = digest(`items of ${key}`).subarray(0, 16);
  const cipher = createCipheriv("aes-128-ecb", secret, NIL_IV).setAutoPadding(false);
  const decipher = createDecipheriv("aes-128-ecb", secret, NIL_IV).setAutoPadding(false);
  return {
    guid: (n) => {
      if (n === ROOT_N) return ROOT_GUID;
      const block = Buffer.alloc(16);
      block.writeBigUInt64BE(BigInt(n), 8);
      return guidFromBytes(cipher.update(block));
    },
    number: (guid) => {
      if (guid.toUpperCase() === ROOT_GUID) return ROOT_N;
      const block = decipher.update(bytesFromGuid(guid));
      return block.readBigUInt64BE(0) === 0n ? Number(block.readBigUInt64BE(8)) : undefined;
    },
  };
}

// .NET keeps a GUID's first three groups with the least significant byte first.
function guidFromBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex").toUpperCase();
  const pair = (i: number): string => hex.slice(i * 2, i * 2 + 2);
  return `${pair(3)}${pair(2)}${pair(1)}${pair(0)}-${pair(5)}${pair(4)}-${pair(7)}${pair(6)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function bytesFromGuid(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll("-", ""), "hex");
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

function toBase32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    for (held += 8; held >= 5; held -= 5) text += BASE32[(bits >>> (held - 5)) & 31];
    bits &= 31;
  }
  return text;
}

function fromBase32(text: string): Buffer {
  let bits = 0n;
  for (const character of text) bits = (bits << 5n) | BigInt(BASE32.indexOf(character));
  return Buffer.from(bits.toString(16).padStart(40, "0"), "hex");
}
