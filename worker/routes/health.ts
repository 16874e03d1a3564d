import { Hono } from "hono";
import { callerAddress, rateLimit } from "../auth/rate-limit.ts";
import type { AppEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { accounts, ping } from "../db/client.ts";
import { errorFields } from "../log.ts";

const CHECK_TIMEOUT_MILLISECONDS = 2000;
/** Not a user: an id has 16 characters. */
const PROBE_USER = "health";

type Check = "ok" | "failing";

/** GET /health: whether each thing we depend on answers. Public; says nothing more. */
export const healthRoutes = new Hono<AppEnv>().get(
  "/",
  rateLimit(
    (env) => env.WEBHOOK_LIMIT,
    (c) => `health ${callerAddress(c)}`,
  ),
  async (c) => {
    const probe = async (name: string, check: Promise<unknown>): Promise<Check> => {
      try {
        await Promise.race([check, timeout()]);
        return "ok";
      } catch (error) {
        c.var.log.error("health.failing", { check: name, ...errorFields(error) });
        return "failing";
      }
    };
    const [database, storage, objects] = await Promise.all([
      probe("database", ping(accounts(c.env))),
      probe("storage", c.env.CONTENT.head("health")),
      probe("objects", userObject(c.env, PROBE_USER).statuses()),
    ]);
    const checks = { database, storage, objects };
    const healthy = Object.values(checks).every((check) => check === "ok");
    c.header("cache-control", "no-store");
    return c.json({ status: healthy ? "ok" : "failing", checks }, healthy ? 200 : 503);
  },
);

function timeout(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`No answer in ${CHECK_TIMEOUT_MILLISECONDS} ms.`)), CHECK_TIMEOUT_MILLISECONDS);
  });
}
