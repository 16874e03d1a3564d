import { isDeepStrictEqual } from "node:util";
import type { Connection, Sync } from "../../worker/wire.ts";
import { DEFAULT_OPTIONS } from "../../worker/sync/rules.ts";
import type { SyncChange, SyncFields } from "../api.ts";
import { resolveConnections } from "./connections.ts";
import type { Problem } from "./parse.ts";
import type { FileSync, TidemarkFile } from "./schema.ts";
import { OWNER_LABEL } from "./schema.ts";

// What has to be done so that everything is as the file says. Pure: asks nothing, changes nothing.

export interface FieldChange {
  field: string;
  /** Undefined: there is none. */
  before: unknown;
  after: unknown;
}

export type Step =
  | { action: "create"; name: string; fields: SyncFields; changes: FieldChange[] }
  | { action: "change"; name: string; syncId: string; change: SyncChange; changes: FieldChange[] }
  | { action: "delete"; name: string; syncId: string };

export interface Plan {
  steps: Step[];
  unchanged: string[];
  /** Syncs of the file's that it no longer has, and that stay all the same. */
  left: string[];
}

export interface Actual {
  connections: readonly Connection[];
  syncs: readonly Sync[];
}

/** A sync as the file has it, with what it does not say filled in. */
interface Wanted {
  name: string;
  mode: Sync["mode"];
  schedule: Sync["schedule"];
  labels: Sync["labels"];
  selection: FileSync["selection"];
  filters: Sync["filters"];
  options: Sync["options"];
}

/** A sync is the file's by its label and its connection. `prune` deletes those of the file's that it no longer has. */
export function planOf(file: TidemarkFile, actual: Actual, { prune }: { prune: boolean }): { plan: Plan; problems: Problem[] } {
  const { found, problems } = resolveConnections(file.connections, actual.connections);
  const live = actual.syncs.filter((sync) => sync.status !== "deleting");
  const plan: Plan = { steps: [], unchanged: [], left: [] };
  const taken = new Set<string>();
  for (const [name, given] of Object.entries(file.syncs)) {
    const connection = found.get(given.connection);
    if (!connection) continue;
    const match = matchOf(name, given, connection, live);
    if (typeof match === "string") {
      problems.push({ path: ["syncs", name], message: match });
      continue;
    }
    if (match && taken.has(match.id)) problems.push({ path: ["syncs", name], message: "is the same sync as another one of the file" });
    if (match) taken.add(match.id);
    const step = stepFor(name, wantedOf(name, given), connection, match);
    if (step) plan.steps.push(step);
    else plan.unchanged.push(name);
  }
  const orphans = live.filter((sync) => Object.hasOwn(sync.labels, OWNER_LABEL) && !taken.has(sync.id));
  for (const { id, labels } of orphans) {
    const name = labels[OWNER_LABEL] ?? "";
    if (prune) plan.steps.push({ action: "delete", name, syncId: id });
    else plan.left.push(name);
  }
  return { plan, problems };
}

/** The sync that this one of the file is; null where it is still to be made. A text: why that cannot be said. */
function matchOf(name: string, { adopt }: FileSync, connection: Connection, live: readonly Sync[]): Sync | null | string {
  const [own = null, ...others] = live.filter((sync) => sync.connectionId === connection.id && sync.labels[OWNER_LABEL] === name);
  if (others.length > 0) return `there are ${others.length + 1} syncs of this name: delete or relabel all but one`;
  if (adopt === undefined || own?.id === adopt) return own;
  if (own) return `is the sync ${own.id} already, and cannot also be ${adopt}`;
  const adopted = live.find((sync) => sync.id === adopt);
  if (!adopted) return `there is no sync ${adopt} to adopt`;
  return adopted.connectionId === connection.id ? adopted : `the sync ${adopt} is of another connection`;
}

function stepFor(name: string, wanted: Wanted, connection: Connection, sync: Sync | null): Step | null {
  const after = flatten(shown(wanted));
  if (!sync) {
    const changes = differences(new Map(), new Map([["connection", connection.label], ...after]));
    return { action: "create", name, fields: { connectionId: connection.id, ...wanted }, changes };
  }
  const changes = differences(flatten(shown({ ...sync, options: pick(sync.options, Object.keys(wanted.options)) })), after);
  if (changes.length === 0) return null;
  const changed = new Set(changes.map(({ field }) => field.split(".")[0]));
  const change = Object.fromEntries(Object.entries(wanted).filter(([field]) => changed.has(field)));
  return { action: "change", name, syncId: sync.id, change, changes };
}

function wantedOf(name: string, given: FileSync): Wanted {
  const { mode, schedule, selection } = given;
  const { removalLimit, ...options } = given.options;
  return {
    name: given.name ?? name,
    mode,
    schedule,
    labels: { ...given.labels, [OWNER_LABEL]: name },
    selection,
    filters: withInstants(given.filters),
    options: { ...DEFAULT_OPTIONS, ...options, removalLimit: { ...DEFAULT_OPTIONS.removalLimit, ...removalLimit } } as Sync["options"],
  };
}

/** Instants as the API answers them. */
function withInstants(filters: Sync["filters"]): Sync["filters"] {
  const { modifiedAfter, modifiedBefore, ...rest } = filters;
  return {
    ...rest,
    ...(modifiedAfter !== undefined && { modifiedAfter: new Date(modifiedAfter).toISOString() }),
    ...(modifiedBefore !== undefined && { modifiedBefore: new Date(modifiedBefore).toISOString() }),
  };
}

/** Options that the file cannot name are not its own to change. */
function pick<T extends object>(value: T, keys: readonly string[]): T {
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key))) as T;
}

/** The fields that are compared. A selection is a set: its order means nothing. */
function shown({ name, mode, schedule, labels, selection, filters, options }: Wanted | Sync): Record<string, unknown> {
  const chosen = selection.map(({ feed, path, itemId, mode }) => [`${feed === undefined ? "" : `${feed} `}${path ?? itemId}`, mode]);
  return { name, mode, schedule, labels, selection: Object.fromEntries(chosen), filters, options };
}

/** Values by their way in, such as `filters.types`. Lists are values. */
function flatten(value: Record<string, unknown>, above = ""): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [key, each] of Object.entries(value)) {
    if (typeof each === "object" && each !== null && !Array.isArray(each)) {
      for (const [path, leaf] of flatten(each as Record<string, unknown>, `${above}${key}.`)) flat.set(path, leaf);
    } else if (each !== undefined) flat.set(above + key, each);
  }
  return flat;
}

function differences(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): FieldChange[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((field) => ({ field, before: before.get(field), after: after.get(field) }))
    .filter((change) => !isDeepStrictEqual(change.before, change.after));
}
