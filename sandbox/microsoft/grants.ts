import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Account, Accounts } from "./accounts.ts";
import { guidOf } from "./ids.ts";
import { openJwt, signJwt, type Keys } from "./keys.ts";
import { seal, unseal } from "./sealed.ts";

export const ACCESS_TOKEN_SECONDS = 3599;
const REFRESH_TOKEN_MS = 90 * 86_400_000;
const GRAPH_AUDIENCE = "https://graph.microsoft.com";
const OPENID_SCOPES = new Set(["openid", "profile", "email", "offline_access"]);

/** What a user allowed a client, as tokens carry it. Generations end when the user's grants are revoked. */
export type Grant = { account: Account; client: string; scope: string; generation: number; expires: number };

export type AccessProblem = "malformed" | "expired" | "revoked";

export type Grants = {
  accessToken: (account: Account, client: string, scope: string) => { token: string; expires: number };
  refreshToken: (account: Account, client: string, scope: string) => string;
  /** Who a bearer token speaks for. */
  openAccessToken: (token: string) => Grant | AccessProblem;
  openRefreshToken: (token: string) => { grant: Grant; issued: number; id: string } | AccessProblem;
};

/** Tokens need no table: they are signed or sealed, and end with their grant's generation. */
export function createGrants(keys: Keys, accounts: Accounts, now: Clock): Grants {
  const grantOf = (no: unknown, client: unknown, scope: unknown, generation: unknown, expires: unknown): Grant | "malformed" => {
    const account = accounts.numbered(Number(no));
    if (account === undefined) return "malformed";
    return { account, client: String(client), scope: String(scope), generation: Number(generation), expires: Number(expires) };
  };
  const check = (grant: Grant | AccessProblem): Grant | AccessProblem => {
    if (typeof grant === "string") return grant;
    if (grant.generation !== accounts.state(grant.account).grantGeneration) return "revoked";
    return grant.expires <= now() ? "expired" : grant;
  };
  return {
    accessToken: (account, client, scope) => {
      const generation = accounts.state(account).grantGeneration;
      const expires = now() + ACCESS_TOKEN_SECONDS * 1000;
      if (account.form !== "business") {
        return { expires, token: `EwCI${seal(keys.secret, "access", { a: account.no, c: client, s: scope, g: generation, e: expires })}` };
      }
      const claims = {
        aud: GRAPH_AUDIENCE,
        iss: `https://sts.windows.net/${account.tenant}/`,
        iat: Math.floor(now() / 1000),
        nbf: Math.floor(now() / 1000),
        exp: Math.floor(expires / 1000),
        appid: client,
        oid: account.oid,
        scp: scope
          .split(" ")
          .filter((one) => !OPENID_SCOPES.has(one))
          .join(" "),
        tid: account.tenant,
        upn: account.name,
        uti: seal(keys.secret, "uti", { a: account.no, s: scope, g: generation, e: expires }),
        ver: "1.0",
      };
      return { expires, token: signJwt(keys.work, claims) };
    },
    refreshToken: (account, client, scope) => {
      const generation = accounts.state(account).grantGeneration;
      const sealed = seal(keys.secret, "refresh", { a: account.no, c: client, s: scope, g: generation, i: now(), id: randomUUID() });
      return account.form === "business" ? `1.AXYA${sealed}` : `M.C5${sealed}`;
    },
    openAccessToken: (token) => {
      if (token.startsWith("EwCI")) {
        const open = unseal(keys.secret, "access", token.slice(4));
        return open === undefined ? "malformed" : check(grantOf(open["a"], open["c"], open["s"], open["g"], open["e"]));
      }
      const claims = openJwt(keys.work, token);
      const open = claims?.["aud"] === GRAPH_AUDIENCE ? unseal(keys.secret, "uti", String(claims["uti"])) : undefined;
      return open === undefined ? "malformed" : check(grantOf(open["a"], claims?.["appid"], open["s"], open["g"], open["e"]));
    },
    openRefreshToken: (token) => {
      const sealed = token.startsWith("1.AXYA") ? token.slice(6) : token.startsWith("M.C5") ? token.slice(4) : "";
      const open = unseal(keys.secret, "refresh", sealed);
      if (open === undefined) return "malformed";
      const grant = check(grantOf(open["a"], open["c"], open["s"], open["g"], Number(open["i"]) + REFRESH_TOKEN_MS));
      return typeof grant === "string" ? grant : { grant, issued: Number(open["i"]), id: String(open["id"]) };
    },
  };
}

/** The user's id for one application: nobody can match it with another application's. */
export function pairwiseSubject(account: Account, client: string): string {
  return Buffer.from(guidOf(`${account.oid} at ${client}`).replaceAll("-", "").repeat(2), "hex").toString("base64url");
}
