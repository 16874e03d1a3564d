import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import type { ItemIds } from "../accounts.ts";

const NIL_IV = null;
const ID = /^id:[A-Za-z0-9_-]{22}$/;

/** `id:` and 22 letters. Numbers and ids of a drive are each other's cipher: no table is needed, and no id is used twice. */
export function dropboxIds(key: string): ItemIds {
  const secret = digest(`items of ${key}`).subarray(0, 16);
  const cipher = createCipheriv("aes-128-ecb", secret, NIL_IV).setAutoPadding(false);
  const decipher = createDecipheriv("aes-128-ecb", secret, NIL_IV).setAutoPadding(false);
  return {
    id: (n) => {
      const block = Buffer.alloc(16);
      block.writeBigUInt64BE(BigInt(n), 8);
      return `id:${cipher.update(block).toString("base64url")}`;
    },
    parse: (id) => {
      if (!ID.test(id)) return undefined;
      const block = decipher.update(Buffer.from(id.slice("id:".length), "base64url"));
      return block.readBigUInt64BE(0) === 0n ? Number(block.readBigUInt64BE(8)) : undefined;
    },
  };
}

export function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
