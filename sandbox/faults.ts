import { randomUUID } from "node:crypto";
import type { Answer } from "./answers.ts";
import type { Meta } from "./database.ts";
import { combine, randomFrom } from "./drives/random.ts";
import { DOWNLOAD_FAULTS, type Asked, type FaultKind, type FaultKinds } from "./fault-kinds.ts";
import { faultSchema, type FaultSpec } from "./fault-schema.ts";

type ActiveFault = FaultSpec & { id: string; hits: number };

/** What intercepting faults do to one request: the answer in the real one's place, and changes to whichever is given. */
export type Interception = {
  answer: Answer | undefined;
  headers: Record<string, string>;
  delayMs: number;
  truncate: boolean | number;
  corrupt: boolean;
  drop: boolean;
};

/** `Name`: the faults that whoever holds this may ask for. */
export type Faults<Name extends string = string> = {
  /** What `add` takes. */
  schema: ReturnType<typeof faultSchema>;
  list: () => ActiveFault[];
  add: (spec: FaultSpec) => ActiveFault;
  /** Switches off one fault, all of a name, or all. */
  remove: (which?: { id?: string | undefined; name?: string | undefined; account?: string | undefined }) => void;
  /** The fault of this name that strikes this request, if any; it is used up by asking. */
  strike: (name: Name, asked: Asked) => ActiveFault | undefined;
  /** Whether a fault strikes this item; always the same items for the same seed. */
  strikesItem: (name: Name, asked: Asked, item: { n: number; name: string }) => boolean;
  intercept: (asked: Asked, site: (host: string) => string) => Interception | undefined;
};

/** The faults that are switched on. They are kept over a restart; how often each has struck is not. */
export function createFaults(meta: Meta, vendors: readonly { name: string; faultKinds: FaultKinds }[]): Faults {
  const kinds = kindsByName(vendors);
  let faults = (JSON.parse(meta.get("faults") ?? "[]") as FaultSpec[])
    .filter(({ name }) => name === undefined || kinds.has(name))
    .map((spec): ActiveFault => ({ ...spec, id: randomUUID(), hits: 0 }));
  const chances = new Map<string, () => number>();
  const save = (): void => meta.set("faults", JSON.stringify(faults.map(({ id: _id, hits: _hits, ...spec }) => spec)));

  const matches = (fault: ActiveFault, asked: Asked): boolean => {
    const { host, method, path, account } = fault.match;
    if (fault.times !== undefined && fault.hits >= fault.times) return false;
    if (host !== undefined && host !== asked.host) return false;
    if (method !== undefined && method.toUpperCase() !== asked.method) return false;
    if (account !== undefined && account.toLowerCase() !== asked.account) return false;
    if (path === undefined) return true;
    const expression = new RegExp(path);
    return expression.test(asked.path) || expression.test(asked.path + asked.search);
  };
  const byChance = (fault: ActiveFault): boolean => {
    let chance = chances.get(fault.id);
    if (chance === undefined) chances.set(fault.id, (chance = randomFrom(fault.seed)));
    const strikes = chance() < fault.rate;
    if (strikes) fault.hits += 1;
    return strikes;
  };

  return {
    schema: faultSchema([...kinds.keys()]),
    list: () => faults,
    add: (spec) => {
      const fault = { ...spec, id: randomUUID(), hits: 0 };
      faults.push(fault);
      save();
      return fault;
    },
    remove: (which = {}) => {
      const meant = (fault: ActiveFault): boolean =>
        (which.id === undefined || fault.id === which.id) &&
        (which.name === undefined || fault.name === which.name) &&
        (which.account === undefined || fault.match.account === which.account);
      faults = faults.filter((fault) => !meant(fault));
      save();
    },
    strike: (name, asked) => faults.find((fault) => fault.name === name && matches(fault, asked) && byChance(fault)),
    strikesItem: (name, asked, item) =>
      faults.some((fault) => {
        if (fault.name !== name || !matches(fault, asked)) return false;
        if (fault.match.item !== undefined && !new RegExp(fault.match.item).test(item.name)) return false;
        const strikes = combine(fault.seed, item.n) / 2 ** 32 < fault.rate;
        if (strikes) fault.hits += 1;
        return strikes;
      }),
    intercept: (asked, site) => {
      let interception: Interception | undefined;
      for (const fault of faults) {
        const kind = fault.name === undefined ? undefined : kinds.get(fault.name);
        if (kind !== undefined && (kind.answer === undefined || kind.vendor !== asked.vendor || kind.scope?.(asked) !== true)) continue;
        if (!matches(fault, asked) || !byChance(fault)) continue;
        interception = merge(interception, fault, kind?.answer?.(asked, site));
      }
      return interception;
    },
  };
}

function kindsByName(vendors: readonly { name: string; faultKinds: FaultKinds }[]): Map<string, FaultKind & { vendor?: string }> {
  const kinds = new Map<string, FaultKind & { vendor?: string }>(Object.entries(DOWNLOAD_FAULTS));
  for (const vendor of vendors) {
    for (const [name, kind] of Object.entries(vendor.faultKinds)) {
      if (kinds.has(name)) throw new Error(`Two faults are called ${name}.`);
      kinds.set(name, { ...kind, vendor: vendor.name });
    }
  }
  return kinds;
}

function merge(before: Interception | undefined, fault: ActiveFault, answer: Answer | undefined): Interception {
  const own = fault.status === undefined && fault.body === undefined ? answer : ownAnswer(fault, answer);
  return {
    answer: before?.answer ?? own,
    headers: { ...fault.headers, ...before?.headers },
    delayMs: (before?.delayMs ?? 0) + (fault.delayMs ?? 0),
    truncate: (before?.truncate ?? false) || (fault.truncate ?? false),
    corrupt: (before?.corrupt ?? false) || (fault.corrupt ?? false),
    drop: (before?.drop ?? false) || (fault.drop ?? false),
  };
}

function ownAnswer(fault: ActiveFault, named: Answer | undefined): Answer {
  const body = fault.body ?? named?.body ?? "";
  const type = typeof body === "string" ? "text/plain; charset=utf-8" : "application/json";
  return { status: fault.status ?? named?.status ?? 500, headers: { "Content-Type": type, ...named?.headers }, body };
}
