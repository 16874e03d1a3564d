import { foldersAbove } from "../worker/db/folders.ts";
import type { Chain } from "../worker/sync/chains.ts";
import { chainAbove, NO_CHAIN } from "../worker/sync/chains.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import { FOLDER } from "../worker/sync/item.ts";
import type { Ruling } from "../worker/sync/ruling.ts";
import { compileRules, wantedness } from "../worker/sync/wanted.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import type { SyncState } from "./user-sync-schema.ts";

/** Rows as far as their place goes. */
type Placed = Pick<ItemRow, "remoteId" | "parentId" | "kind" | "name">;

/**
 * The sync's rules over these rows. The folders above them are read where the rules go by them, and only there, once for
 * all; folders among the rows themselves count as these say: they may be newer, and come in any order.
 */
export async function rulingOn(engine: Engine, sync: SyncState, rows: readonly Placed[]): Promise<Ruling> {
  const rules = compileRules(sync);
  const traits = { byPath: rules.filters.needsPath, byFolder: !rules.selection.empty, someUnplaced: sync.replan.unplaced };
  if (!rules.needsChain) return { ...traits, wanted: (row) => wantedness(row, NO_CHAIN, rules) };
  const parents = new Set(rows.flatMap((row) => row.parentId ?? []));
  const links = await foldersAbove(engine.db(), scopeOf(engine, sync.id), [...parents]);
  for (const row of rows) if (row.kind === FOLDER) links.set(row.remoteId, row);
  const chains = new Map<string | null, Chain>();
  const chainOf = (parentId: string | null) => {
    let chain = chains.get(parentId);
    if (!chain) chains.set(parentId, (chain = chainAbove(parentId, links)));
    return chain;
  };
  return { ...traits, wanted: (row) => wantedness(row, chainOf(row.parentId), rules) };
}
