import { createMiddleware } from "hono/factory";
import type { AppContext, AppEnv, UserEnv } from "../context.ts";
import { accounts } from "../db/client.ts";
import { listIdentities } from "../db/users.ts";
import { AppError } from "../errors.ts";
import type { Scope } from "../scopes.ts";
import { isSafe, scopeOf } from "../scopes.ts";
import { isAdmin } from "./admin.ts";
import { bearerOf, tokenUser } from "./bearer.ts";
import { signedIn } from "./session.ts";

/**
 * Lets in who is signed in, as `user` of the context: a program by its token, or a person's browser by its session. A token
 * is no cookie: no page can have a browser send it, so its request may come from anywhere.
 */
export const requireUser = createMiddleware<UserEnv>(async (c, next) => {
  const shown = bearerOf(c);
  if (shown === undefined) {
    checkOrigin(c);
    const session = await signedIn(c, Date.now());
    if (!session) {
      c.header("www-authenticate", 'Bearer realm="tidemark"');
      throw new AppError("auth.required", "Sign in first.");
    }
    c.set("user", session.user);
    c.set("token", null);
    c.set("sessionId", session.sessionId);
    c.set("log", c.var.log.with({ userId: session.user.id }));
  } else {
    const { user, token } = await tokenUser(c, shown, Date.now());
    c.set("user", user);
    c.set("token", token);
    c.set("sessionId", null);
    c.set("log", c.var.log.with({ userId: user.id, tokenId: token.id }));
  }
  await next();
});

/** Refuses what the token's scopes do not allow, and to all but administrators what is theirs. `base` is where the routes are. */
export function requireScope(base: string) {
  return createMiddleware<UserEnv>(async (c, next) => {
    await checkScope(c, scopeOf(c.req.method, c.req.path.slice(base.length)));
    await next();
  });
}

/** Lets administrators in alone, and their tokens with the scope “admin”. */
export const requireAdmin = createMiddleware<UserEnv>(async (c, next) => {
  await checkScope(c, "admin");
  await next();
});

async function checkScope(c: AppContext<UserEnv>, scope: Scope | "session"): Promise<void> {
  const { user, token } = c.var;
  if (token && scope === "session") {
    throw new AppError("auth.session_required", "No token can do this: sign in with a browser.");
  }
  if (token && scope !== "session" && !token.scopes.includes(scope)) {
    c.header("www-authenticate", `Bearer realm="tidemark", error="insufficient_scope", scope="${scope}"`);
    throw new AppError("auth.scope_missing", `This needs a token with the scope “${scope}”.`);
  }
  if (scope === "admin" && !isAdmin(c.env, await listIdentities(accounts(c.env), user.id))) {
    throw new AppError("auth.admin_required", "This is for administrators.");
  }
}

/**
 * Refuses requests that change something where another site's page had the browser send them: `Origin` must be ours, or
 * be left out by a browser that vouches for the same origin in `Sec-Fetch-Site`.
 */
export const requireOwnOrigin = createMiddleware<AppEnv>(async (c, next) => {
  checkOrigin(c);
  await next();
});

function checkOrigin<E extends AppEnv>(c: AppContext<E>): void {
  if (isSafe(c.req.method)) return;
  const origin = c.req.header("origin");
  const own = origin === undefined ? c.req.header("sec-fetch-site") === "same-origin" : origin === c.env.ORIGIN;
  if (!own) throw new AppError("auth.foreign_origin", "This request does not come from Tidemark's own pages.");
}
