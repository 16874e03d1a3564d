import { createMiddleware } from "hono/factory";
import type { AppEnv, UserEnv } from "../context.ts";
import { AppError } from "../errors.ts";
import { sessionUser } from "./session.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Lets in who is signed in, as `user` of the context. */
export const requireUser = createMiddleware<UserEnv>(async (c, next) => {
  const user = await sessionUser(c, Date.now());
  if (!user) throw new AppError("auth.required", "Sign in first.");
  c.set("user", user);
  c.set("log", c.var.log.with({ userId: user.id }));
  await next();
});

/**
 * Refuses requests that change something where another site's page had the browser send them: `Origin` must be ours, or
 * be left out by a browser that vouches for the same origin in `Sec-Fetch-Site`.
 */
export const requireOwnOrigin = createMiddleware<AppEnv>(async (c, next) => {
  if (!SAFE_METHODS.has(c.req.method)) {
    const origin = c.req.header("origin");
    const own = origin === undefined ? c.req.header("sec-fetch-site") === "same-origin" : origin === c.env.ORIGIN;
    if (!own) throw new AppError("auth.foreign_origin", "This request does not come from Tidemark's own pages.");
  }
  await next();
});
