import type { Context } from "hono";
import type { UserSyncRpc } from "../durable-objects/rpc.ts";
import type { SessionUser } from "./db/sessions.ts";
import type { TokenRow } from "./db/tokens.ts";
import type { Logger } from "./log.ts";

/** What every handler finds in its context. */
export interface AppEnv {
  Bindings: Env;
  Variables: { requestId: string; log: Logger };
}

/**
 * The same for a handler behind `requireUser`. `token`: what a program signed in with; null where a person did, whose session
 * `sessionId` names.
 */
export interface UserEnv extends AppEnv {
  Variables: AppEnv["Variables"] & { user: SessionUser; token: TokenRow | null; sessionId: string | null };
}

export type AppContext<E extends AppEnv = AppEnv> = Context<E>;

/** The object of one user: the only writer of that user's catalogue. */
export type UserObject = UserSyncRpc & Pick<Fetcher, "fetch">;

export function userObject(env: Pick<Env, "USER_SYNC">, userId: string): UserObject {
  return env.USER_SYNC.getByName(userId);
}
