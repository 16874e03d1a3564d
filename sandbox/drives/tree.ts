import type { Account } from "../accounts.ts";
import { hashesOf, type DriveTools } from "./drive.ts";
import { ROOT_N } from "./store.ts";

const CHUNK_ITEMS = 1000;

/** Every live file of a drive as JSON, written while it is read: `{files: [{id, path, size, sha256?}]}`. */
export async function* treeAsJson(tools: DriveTools, account: Account, withHash: boolean): AsyncGenerator<Uint8Array> {
  const paths = new Map<number, string>([[ROOT_N, ""]]);
  const pathOf = (n: number): string => {
    let path = paths.get(n);
    if (path === undefined) {
      const folder = tools.drives.item(account.no, n);
      path = folder === undefined ? "" : `${pathOf(folder.parent ?? ROOT_N)}/${folder.name}`;
      paths.set(n, path);
    }
    return path;
  };
  const encoder = new TextEncoder();
  let separator = "";
  yield encoder.encode('{"files":[');
  for (let afterN = 0; ;) {
    const items = tools.drives.enumerate(account.no, afterN, CHUNK_ITEMS);
    if (items.length === 0) break;
    const hashes = withHash ? await hashesOf(tools, account, items, ["sha256"]) : undefined;
    let text = "";
    for (const item of items) {
      if (item.folder) continue;
      const file = { id: account.ids.id(item.n), path: `${pathOf(item.parent ?? ROOT_N)}/${item.name}`, size: item.size };
      const sha256 = hashes?.get(item.n)?.sha256;
      text += separator + JSON.stringify(sha256 === undefined ? file : { ...file, sha256 });
      separator = ",\n";
    }
    if (text !== "") yield encoder.encode(text);
    afterN = items.at(-1)?.n ?? afterN;
  }
  yield encoder.encode("]}");
}
