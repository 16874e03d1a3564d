import { Hono } from "hono";
import { z } from "zod";
import { authorities } from "../auth/authorities/registry.ts";
import type { UserEnv } from "../context.ts";
import type { AuthMethod, OAuthMethod, ProviderDefinition } from "../providers/provider.ts";
import { providers } from "../providers/registry.ts";
import type { Provider } from "../wire.ts";

/** GET /providers: what can be connected, and how. */
export const providerRoutes = new Hono<UserEnv>().get("/", (c) =>
  c.json({ items: [...providers.values()].map((provider) => toProvider(c.env, provider)), cursor: null }),
);

function toProvider(env: Env, definition: ProviderDefinition): Provider {
  const { id, name, methods, capabilities, announcesTo, hashes, removalsWithinDays, options } = definition;
  const announces = ({ type }: AuthMethod) => capabilities.webhook && (announcesTo?.includes(type) ?? true);
  return {
    id,
    name,
    methods: methods.map((method) => ({ ...toMethod(env, method), announces: announces(method) })),
    capabilities: { ...capabilities, revoke: methods.some(isRevocable) },
    hashes,
    removalsWithinDays: removalsWithinDays ?? null,
    options: options ? z.toJSONSchema(options) : null,
  };
}

function isRevocable(method: AuthMethod): method is OAuthMethod {
  return method.type === "oauth2" && authorities.get(method.authority)?.revocation !== undefined;
}

function toMethod(env: Env, method: AuthMethod): Omit<Provider["methods"][number], "announces"> {
  const { id, type, name } = method;
  if (method.type !== "oauth2") return { id, type, name, available: true, authority: null, scopes: [], fields: [...method.fields] };
  const { authority, scopes } = method;
  return { id, type, name, available: authorities.get(authority)?.client(env) != null, authority, scopes: [...scopes], fields: [] };
}
