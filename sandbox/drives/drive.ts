import { join } from "node:path";
import { transaction } from "../database.ts";
import type { Clock } from "../clock.ts";
import type { DatabaseSync } from "node:sqlite";
import type { Account, Accounts } from "../accounts.ts";
import type { Content } from "./content.ts";
import { hashContent, type HashName, type Hashes } from "./hashes.ts";
import type { DriveStore, Item } from "./store.ts";

/** What every operation on a drive needs. */
export type DriveTools<A extends Account = Account> = { db: DatabaseSync; drives: DriveStore; accounts: Accounts<A>; now: Clock };

/** A change that the drive as it is does not allow. `status` is what a control call answers. */
export class DriveError extends Error {
  readonly status: 400 | 404 | 409;

  constructor(status: 400 | 404 | 409, message: string) {
    super(message);
    this.status = status;
  }
}

/** Where an item's bytes come from; of a folder, nothing. */
export function contentOf(tools: DriveTools, account: Account, item: Item): Content {
  if (item.source === "computed") return { kind: "computed", seed: item.seed ?? 0, size: item.size };
  if (item.source === "disk") {
    const folder = tools.accounts.state(account).folder ?? "";
    return { kind: "disk", path: join(folder, ...tools.drives.segments(account.no, item)), size: item.size };
  }
  const bytes = tools.drives.literal(account.no, item.n);
  return { kind: "literal", bytes, size: bytes.length };
}

/** The items' hashes, computed once for each content and kept. Those of a file that cannot be read are missing. */
export async function hashesOf(
  tools: DriveTools,
  account: Account,
  items: readonly Item[],
  names: readonly HashName[],
): Promise<Map<number, Hashes>> {
  const hashes = new Map<number, Hashes>();
  const computed: [Item, Hashes][] = [];
  for (const item of items) {
    if (item.folder) continue;
    const known: Hashes = {};
    for (const name of names) {
      const value = item[name];
      if (value !== null) known[name] = value;
    }
    const missing = names.filter((name) => known[name] === undefined);
    const added = missing.length === 0 ? {} : await computeHashes(tools, account, item, missing);
    if (missing.length > 0) computed.push([item, added]);
    hashes.set(item.n, { ...known, ...added });
  }
  if (computed.length > 0)
    transaction(tools.db, () => void computed.map(([item, added]) => tools.drives.setHashes(account.no, item, added)));
  return hashes;
}

async function computeHashes(tools: DriveTools, account: Account, item: Item, names: readonly HashName[]): Promise<Hashes> {
  try {
    return await hashContent(contentOf(tools, account, item), names);
  } catch (error) {
    if (item.source === "disk") return {};
    throw error;
  }
}
