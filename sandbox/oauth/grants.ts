import { randomUUID } from "node:crypto";
import type { Account, Accounts } from "../accounts.ts";
import type { Clock } from "../clock.ts";
import { seal, unseal } from "./sealed.ts";

/** What a user allowed a client, as tokens carry it. Generations end when the user's grants are revoked. */
export type Grant<A extends Account = Account> = { account: A; client: string; scope: string; generation: number; expires: number };

export type AccessProblem = "malformed" | "expired" | "revoked";

export type SealedGrants<A extends Account = Account> = {
  /** The opaque heart of an access token: a vendor may put it into a form of its own. */
  access: (account: A, client: string, scope: string) => { sealed: string; expires: number };
  openAccess: (sealed: string) => Grant<A> | AccessProblem;
  /** `id`: what rotation knows the token by. */
  refresh: (account: A, client: string, scope: string, id?: string) => string;
  openRefresh: (sealed: string) => { grant: Grant<A>; id: string } | AccessProblem;
};

type GrantOptions = {
  /** The vendor's own: another vendor's tokens are malformed. */
  secret: Buffer;
  accessMs: number;
  /** Infinity where refresh tokens do not age. */
  refreshMs: number;
};

/** Tokens need no table: they are sealed, and end with their grant's generation. */
export function createGrants<A extends Account>(accounts: Accounts<A>, now: Clock, options: GrantOptions): SealedGrants<A> {
  const { secret } = options;
  const open = (purpose: string, sealed: string, lifeMs: number) => {
    const claims = unseal(secret, purpose, sealed);
    const account = accounts.numbered(Number(claims?.["a"]));
    if (claims === undefined || account === undefined) return "malformed";
    const generation = Number(claims["g"]);
    const expires = Number(claims["i"]) + lifeMs;
    if (Number.isNaN(expires)) return "malformed";
    if (generation !== accounts.state(account).grantGeneration) return "revoked";
    if (expires <= now()) return "expired";
    const grant: Grant<A> = { account, client: String(claims["c"]), scope: String(claims["s"]), generation, expires };
    return { grant, id: String(claims["id"]) };
  };
  const close = (purpose: string, account: A, client: string, scope: string, id: string): string =>
    seal(secret, purpose, { a: account.no, c: client, s: scope, g: accounts.state(account).grantGeneration, i: now(), id });
  return {
    access: (account, client, scope) => ({
      sealed: close("access", account, client, scope, randomUUID()),
      expires: now() + options.accessMs,
    }),
    openAccess: (sealed) => {
      const opened = open("access", sealed, options.accessMs);
      return typeof opened === "string" ? opened : opened.grant;
    },
    refresh: (account, client, scope, id = randomUUID()) => close("refresh", account, client, scope, id),
    openRefresh: (sealed) => open("refresh", sealed, options.refreshMs),
  };
}
