import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Meta } from "../database.ts";
import { combine, randomFrom } from "../drives/random.ts";
import { FAULT_NAMES, faultKind, inScope, type FaultName } from "./fault-table.ts";
import type { FaultAnswer } from "./fault-answers.ts";

const DELAY_MS_MAX = 600_000;

const pattern = z.string().refine(isPattern, "not a regular expression");

export const faultSchema = z
  .strictObject({
    name: z.enum(FAULT_NAMES).optional(),
    match: z
      .strictObject({ host: z.string(), method: z.string(), path: pattern, account: z.string(), item: pattern })
      .partial()
      .default({}),
    rate: z.number().min(0).max(1).default(1),
    times: z.number().int().min(1).optional(),
    seed: z.number().int().min(0).default(1),
    status: z.number().int().min(200).max(599).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.unknown().optional(),
    delayMs: z.number().min(0).max(DELAY_MS_MAX).optional(),
    truncate: z.union([z.boolean(), z.number().int().min(0)]).optional(),
    corrupt: z.boolean().optional(),
    drop: z.boolean().optional(),
    unitsPerMinute: z.number().int().min(1).optional(),
  })
  .refine(
    (fault) => fault.name ?? fault.status ?? fault.headers ?? fault.body ?? fault.delayMs ?? fault.truncate ?? fault.corrupt ?? fault.drop,
    "a fault without a name needs an effect: status, headers, body, delayMs, truncate, corrupt or drop",
  );
type FaultSpec = z.infer<typeof faultSchema>;
type ActiveFault = FaultSpec & { id: string; hits: number };

/** What of a request a fault can be matched with. */
export type Asked = { host: string; method: string; path: string; search: string; ranged: boolean; account: string | undefined };

/** What intercepting faults do to one request: the answer in the real one's place, and changes to whichever is given. */
export type Interception = {
  answer: FaultAnswer | undefined;
  headers: Record<string, string>;
  delayMs: number;
  truncate: boolean | number;
  corrupt: boolean;
  drop: boolean;
};

export type Faults = {
  list: () => ActiveFault[];
  add: (spec: FaultSpec) => ActiveFault;
  /** Switches off one fault, all of a name, or all. */
  remove: (which?: { id?: string | undefined; name?: string | undefined; account?: string | undefined }) => void;
  /** The fault of this name that strikes this request, if any; it is used up by asking. */
  strike: (name: FaultName, asked: Asked) => ActiveFault | undefined;
  /** Whether a fault strikes this item; always the same items for the same seed. */
  strikesItem: (name: FaultName, asked: Asked, item: { n: number; name: string }) => boolean;
  intercept: (asked: Asked, site: string) => Interception | undefined;
};

/** The faults that are switched on. They are kept over a restart; how often each has struck is not. */
export function createFaults(meta: Meta): Faults {
  let faults = (JSON.parse(meta.get("faults") ?? "[]") as FaultSpec[]).map(
    (spec) => ({ ...spec, id: randomUUID(), hits: 0 }) as ActiveFault,
  );
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
        const kind = fault.name === undefined ? undefined : faultKind(fault.name);
        if (kind !== undefined && (kind.answer === undefined || kind.scope === undefined || !inScope(kind.scope, asked))) continue;
        if (!matches(fault, asked) || !byChance(fault)) continue;
        interception = merge(interception, fault, kind?.answer?.(site, asked.path));
      }
      return interception;
    },
  };
}

function merge(before: Interception | undefined, fault: ActiveFault, answer: FaultAnswer | undefined): Interception {
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

function ownAnswer(fault: ActiveFault, named: FaultAnswer | undefined): FaultAnswer {
  const body = fault.body ?? named?.body ?? "";
  const type = typeof body === "string" ? "text/plain; charset=utf-8" : "application/json";
  return { status: fault.status ?? named?.status ?? 500, headers: { "Content-Type": type, ...named?.headers }, body };
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
