import { Hono } from "hono";
import type { UserEnv } from "../context.ts";
import { providers } from "../providers/registry.ts";
import type { Provider } from "../wire.ts";

/** GET /providers: what can be connected, and how. */
export const providerRoutes = new Hono<UserEnv>().get("/", (c) => {
  const items = [...providers.values()].map(({ id, name, auth, capabilities }): Provider => ({
    id,
    name,
    authType: auth.type,
    authority: auth.authority,
    scopes: [...auth.scopes],
    capabilities,
  }));
  return c.json({ items, cursor: null });
});
