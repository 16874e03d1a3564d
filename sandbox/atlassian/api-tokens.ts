import { createHash } from "node:crypto";
import type { VendorRequest } from "../vendor-request.ts";
import type { Account, Accounts } from "./accounts.ts";

export type ApiTokens = {
  /** The one API token of a person, and the one that has scopes; others after each revocation. */
  of: (account: Account) => { plain: string; scoped: string };
  /** Who a request with Basic authentication is from, and by which kind of token. */
  signIn: (request: VendorRequest) => { account: Account; kind: "plain" | "scoped" } | "missing" | "wrong";
  /** Whom a request is about, whether or not it may. */
  about: (request: VendorRequest) => Account | undefined;
};

export function createApiTokens(accounts: Accounts): ApiTokens {
  const token = (account: Account, kind: string): string => {
    const { grantGeneration } = accounts.state(account);
    const body = createHash("sha512").update(`${kind} API token ${grantGeneration} of ${account.name}`).digest("base64url");
    return `ATATT3xFfGF0${body}=${body.slice(0, 8).toUpperCase()}`;
  };
  const of: ApiTokens["of"] = (account) => ({ plain: token(account, "plain"), scoped: token(account, "scoped") });
  const about: ApiTokens["about"] = (request) => {
    const email = basicOf(request)?.user.toLowerCase();
    return accounts.all().find(({ name }) => name === email);
  };
  return {
    of,
    about,
    signIn: (request) => {
      const basic = basicOf(request);
      if (basic === undefined) return "missing";
      const account = about(request);
      if (account === undefined) return "wrong";
      const { plain, scoped } = of(account);
      if (basic.password === plain) return { account, kind: "plain" };
      return basic.password === scoped ? { account, kind: "scoped" } : "wrong";
    },
  };
}

function basicOf(request: VendorRequest): { user: string; password: string } | undefined {
  const [, encoded] = /^Basic (.+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  return colon < 0 ? undefined : { user: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}
