import type { AppContext, UserEnv } from "../context.ts";
import { accounts } from "../db/client.ts";
import type { SessionUser } from "../db/sessions.ts";
import type { TokenRow } from "../db/tokens.ts";
import { findToken, recordUse } from "../db/tokens.ts";
import { AppError } from "../errors.ts";
import { callerAddress } from "./rate-limit.ts";
import { isTokenOf, tokenId } from "./token.ts";

/** The last use is written at most this often. */
const USE_NOTED_EVERY_MILLISECONDS = 3_600_000;

/** What stands after `Bearer` in the request, nothing included; undefined where it does not sign in that way. */
export function bearerOf(c: AppContext<UserEnv>): string | undefined {
  const header = c.req.header("authorization") ?? "";
  return /^bearer( |$)/i.test(header) ? header.slice("bearer".length).trim() : undefined;
}

/** The token that a program shows, and its user. Throws 401; and 429 at an address where that happens too often. */
export async function tokenUser(c: AppContext<UserEnv>, shown: string, now: number): Promise<{ user: SessionUser; token: TokenRow }> {
  const id = tokenId(shown);
  if (id === null) return refuse(c, "auth.token_invalid", "This is not a whole token of Tidemark: a part is missing or mistyped.");
  const db = accounts(c.env);
  const found = await findToken(db, id);
  if (!found || !isTokenOf(found.token.hash, shown)) return refuse(c, "auth.token_invalid", "There is no such token, or it was revoked.");
  const { expiresAt, lastUsedAt } = found.token;
  if (expiresAt !== null && expiresAt <= now) return refuse(c, "auth.token_expired", "This token has expired. Make a new one.");
  if (lastUsedAt === null || now - lastUsedAt >= USE_NOTED_EVERY_MILLISECONDS) await recordUse(db, id, now);
  return found;
}

async function refuse(c: AppContext<UserEnv>, code: "auth.token_invalid" | "auth.token_expired", message: string): Promise<never> {
  const { success } = await c.env.SIGN_IN_LIMIT.limit({ key: `token ${callerAddress(c)}` });
  if (!success) {
    c.header("retry-after", "60");
    throw new AppError("request.rate_limited", "Too many requests with tokens that are not valid. Wait a minute.");
  }
  c.header("www-authenticate", `Bearer realm="tidemark", error="invalid_token", error_description="${message}"`);
  throw new AppError(code, message);
}
