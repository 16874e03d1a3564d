import { createHash } from "node:crypto";
import type { Account as AnyAccount } from "../accounts.ts";
import type { Clock } from "../clock.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { accountBySignIn, type Account, type Accounts } from "./accounts.ts";

const FAILURES_MAX = 10;
const FAILURES_MS = 30 * 60_000;
const GROUPS = 5;
const GROUP_LETTERS = 5;

export type SignedIn = Account | "missing" | "wrong" | "too many";

export type Passwords = {
  /** The one app password of an account; another one after each revocation. */
  of: (account: AnyAccount) => string;
  /** Who a request is from. A wrong password is remembered. */
  signIn: (request: VendorRequest) => SignedIn;
  /** Whom a request is about, whether or not it may. */
  about: (request: VendorRequest) => Account | undefined;
};

/**
 * Basic sign-in with app passwords, and the throttle against those who guess them: after ten wrong ones within half an hour nobody is
 * let in. The real one goes by the address of who asks; here all come from the same, so that it goes by the name.
 */
export function createPasswords(accounts: Accounts, now: Clock): Passwords {
  const failures = new Map<string, number[]>();
  const of = (account: AnyAccount): string => {
    const { grantGeneration } = accounts.state(account);
    const letters = createHash("sha512")
      .update(`app password ${grantGeneration} of ${account.name}`)
      .digest("base64")
      .replace(/[+/=0-9]/g, "");
    return Array.from({ length: GROUPS }, (_, i) => letters.slice(i * GROUP_LETTERS, (i + 1) * GROUP_LETTERS)).join("-");
  };
  const about = (request: VendorRequest): Account | undefined => accountBySignIn(accounts, request.host, basicOf(request)?.user ?? "");
  return {
    of,
    about,
    signIn: (request) => {
      const basic = basicOf(request);
      if (basic === undefined) return "missing";
      const key = `${request.host} ${basic.user}`;
      const recent = (failures.get(key) ?? []).filter((at) => at > now() - FAILURES_MS);
      failures.set(key, recent);
      if (recent.length >= FAILURES_MAX) return "too many";
      const account = about(request);
      if (account !== undefined && of(account) === basic.password) return account;
      recent.push(now());
      return "wrong";
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
