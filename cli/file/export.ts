import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import type { Connection, Sync } from "../../worker/wire.ts";
import { syncCreate } from "../../worker/wire.ts";
import { DEFAULT_OPTIONS } from "../../worker/sync/rules.ts";
import { OWNER_LABEL } from "./schema.ts";
import type { Actual } from "./plan.ts";

// What there is, as a tidemark.yaml that changes nothing but whose the syncs are.

const NAME_CHARACTERS_MAX = 63;
/** Longer lines are not folded: a glob must stay in one. */
const LINE_WIDTH = 0;

export function toYaml(file: object): string {
  return stringify(file, { lineWidth: LINE_WIDTH });
}

export function exportFile({ connections, syncs }: Actual): object {
  const live = syncs.filter((sync) => sync.status !== "deleting");
  const connectionNames = new Names();
  const names = new Map(connections.map(({ id, label }) => [id, connectionNames.take(label)]));
  const syncNames = new Names();
  // Those that have a name keep it, whichever comes first.
  const owned = live.filter(({ labels }) => Object.hasOwn(labels, OWNER_LABEL));
  const others = live.filter((sync) => !owned.includes(sync));
  const named = [...owned, ...others].map((sync) => [syncNames.take(sync.labels[OWNER_LABEL] ?? sync.name), sync] as const);
  return {
    version: 1,
    connections: Object.fromEntries(connections.map((each) => [names.get(each.id), connectionOf(each, connections)])),
    syncs: Object.fromEntries(named.map(([name, sync]) => [name, syncOf(name, sync, names)])),
  };
}

/** By its address, which a person knows; by its id where the address says too little. */
function connectionOf({ id, provider, account: { email } }: Connection, connections: readonly Connection[]): object {
  const alike = connections.filter((other) => other.provider === provider && other.account.email?.toLowerCase() === email?.toLowerCase());
  return email !== null && alike.length === 1 ? { provider, account: email } : { id };
}

/** Without what goes without saying. */
function syncOf(name: string, sync: Sync, connectionNames: ReadonlyMap<string, string>): object {
  const { [OWNER_LABEL]: owner, ...labels } = sync.labels;
  const fields = {
    name: sync.name,
    mode: sync.mode,
    selection: sync.selection.map(({ feed, path, itemId, mode }) => ({
      ...(feed !== undefined && { feed }),
      ...(path === undefined ? { itemId } : { path }),
      mode,
    })),
    filters: sync.filters,
    schedule: sync.schedule,
    options: Object.fromEntries(
      Object.entries(sync.options).filter(
        ([key, value]) => !isDeepStrictEqual(value, DEFAULT_OPTIONS[key as keyof typeof DEFAULT_OPTIONS]),
      ),
    ),
    labels,
  };
  const { connectionId: _, ...defaults } = syncCreate.parse({ connectionId: "", name });
  const telling = Object.entries(fields).filter(([key, value]) => !isDeepStrictEqual(value, defaults[key as keyof typeof defaults]));
  return {
    connection: connectionNames.get(sync.connectionId) ?? sync.connectionId,
    ...(owner !== name && { adopt: sync.id }),
    ...Object.fromEntries(telling),
  };
}

/** Names that a file can have, each once. */
class Names {
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    const plain = wanted.replace(/[^\p{L}\p{N} ._-]+/gu, "-").replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "").slice(0, NAME_CHARACTERS_MAX - 4) || "unnamed"; // prettier-ignore
    let name = wanted === "" || plain !== wanted ? plain : wanted;
    for (let number = 2; this.#taken.has(name); number += 1) name = `${plain}-${number}`;
    this.#taken.add(name);
    return name;
  }
}
