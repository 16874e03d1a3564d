import { createCipheriv, createDecipheriv } from "node:crypto";
import type { DriveTools } from "../drives/drive.ts";
import { toUuid } from "./ids.ts";
import type { Account } from "./accounts.ts";
import type { Located } from "./context.ts";

const BLOCK_BYTES = 16;
const KEY = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
const MARK = 0xad;
const NIL_IV = null;

/** Where contents are stored: each version's bytes are an object of their own. */
export type Objects = {
  bucket: (project: Account) => string;
  key: (located: Located) => string;
  /** The file whose content an object is; undefined where it is none, or an earlier one: the sandbox keeps no history. */
  find: (bucket: string, key: string) => Located | undefined;
};

/** Keys tell project, item and content, enciphered, so that no table is needed. */
export function createObjects({ drives, accounts }: DriveTools<Account>, secret: Buffer): Objects {
  const key = secret.subarray(0, BLOCK_BYTES);
  const cipher = createCipheriv("aes-128-ecb", key, NIL_IV).setAutoPadding(false);
  const decipher = createDecipheriv("aes-128-ecb", key, NIL_IV).setAutoPadding(false);
  const bucket = (project: Account): string => (project.hub.region === "EMEA" ? "wip.dm.emea.2" : "wip.dm.prod");
  return {
    bucket,
    key: ({ project, item }) => {
      const block = Buffer.alloc(BLOCK_BYTES);
      block.writeUInt32BE(project.no, 0);
      block.writeUIntBE(item.n, 4, 6);
      block.writeUInt32BE(item.contentRevision, 10);
      block.writeUInt8(MARK, 14);
      return toUuid(cipher.update(block));
    },
    find: (askedBucket, text) => {
      const [, uuid] = KEY.exec(text) ?? [];
      if (uuid === undefined) return undefined;
      const block = decipher.update(Buffer.from(uuid.replaceAll("-", ""), "hex"));
      if (block.readUInt8(14) !== MARK) return undefined;
      const project = accounts.numbered(block.readUInt32BE(0));
      const item = project && drives.item(project.no, block.readUIntBE(4, 6));
      if (project === undefined || item === undefined || item.folder || bucket(project) !== askedBucket) return undefined;
      return item.contentRevision === block.readUInt32BE(10) ? { project, item } : undefined;
    },
  };
}
