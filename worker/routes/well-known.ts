import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import { publicReceiptKeys } from "../receipt-keys.ts";

const CACHE_SECONDS = 3600;

/** Public: the keys that receipts are verified with, as a JSON Web Key Set. */
export const wellKnownRoutes = new Hono<AppEnv>().get("/tidemark-receipt-keys.json", async (c) => {
  c.header("cache-control", `public, max-age=${CACHE_SECONDS}`);
  c.header("access-control-allow-origin", "*");
  return c.json({ keys: await publicReceiptKeys(c.env) });
});
