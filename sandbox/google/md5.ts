import { contentOf, type DriveTools } from "../drives/drive.ts";
import { hashContent } from "../drives/hashes.ts";
import type { Item } from "../drives/store.ts";
import type { Account } from "./accounts.ts";

const KEPT_MAX = 200_000;

/** The MD5 of a file's content, computed once for each content. */
export type Md5 = (account: Account, item: Item) => Promise<string>;

export function createMd5(tools: DriveTools<Account>): Md5 {
  const known = new Map<string, string>();
  return async (account, item) => {
    const key = `${account.no} ${item.n} ${item.contentRevision}`;
    let md5 = known.get(key);
    if (md5 !== undefined) return md5;
    md5 = (await hashContent(contentOf(tools, account, item), ["md5"])).md5 ?? "";
    if (known.size >= KEPT_MAX) known.clear();
    known.set(key, md5);
    return md5;
  };
}
