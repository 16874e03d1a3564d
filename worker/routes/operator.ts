import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import type { Operator } from "../wire/operator.ts";

const CACHE_SECONDS = 300;

/** GET /api/operator, public: who runs this installation, for the pages on privacy and terms. */
export const operatorRoutes = new Hono<AppEnv>().get("/", (c) => {
  c.header("cache-control", `public, max-age=${CACHE_SECONDS}`);
  const answer: Operator = { name: c.env.OPERATOR_NAME.trim() || null, supportEmail: c.env.SUPPORT_EMAIL.trim() || null };
  return c.json(answer);
});
