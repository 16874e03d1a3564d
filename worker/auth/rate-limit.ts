import { createMiddleware } from "hono/factory";
import type { AppContext, AppEnv } from "../context.ts";
import { AppError } from "../errors.ts";

/** Refuses with 429 what exceeds the limit of its key. */
export function rateLimit<E extends AppEnv>(limiter: (env: Env) => RateLimit, key: (c: AppContext<E>) => string) {
  return createMiddleware<E>(async (c, next) => {
    const { success } = await limiter(c.env).limit({ key: key(c) });
    if (!success) {
      c.header("retry-after", "60");
      throw new AppError("request.rate_limited", "Too many requests. Wait a minute.");
    }
    await next();
  });
}

/** The caller's address, as the platform reports it. */
export function callerAddress<E extends AppEnv>(c: AppContext<E>): string {
  return c.req.header("cf-connecting-ip") ?? "unknown";
}
