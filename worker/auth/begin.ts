import type { AppContext, AppEnv } from "../context.ts";
import { AppError } from "../errors.ts";
import type { OAuthMethod, ProviderDefinition } from "../providers/provider.ts";
import { providers } from "../providers/registry.ts";
import type { Authority } from "./authorities/authority.ts";
import type { FlowPurpose } from "./flow.ts";
import { rememberFlow } from "./flow.ts";
import { safeReturnTo } from "./return-to.ts";
import type { BeginRequest } from "./sign-in.ts";
import { AuthoritySignIn } from "./sign-in.ts";

/** In place of a provider: somebody signs in, and connects nothing. */
const NO_PROVIDER = "none";

/** A source that is connected by signing in at its authority. */
export interface Source {
  definition: ProviderDefinition;
  method: OAuthMethod;
}

interface BeginOptions {
  authority: Authority;
  /** Null: nothing is connected. */
  source: Source | null;
  request: BeginRequest;
  returnTo: string | undefined;
  purpose: FlowPurpose;
}

/** Begins a sign-in in this browser; the address at the authority that goes on with it. */
export async function beginSignIn<E extends AppEnv>(c: AppContext<E>, options: BeginOptions, now: number): Promise<string> {
  const { authority, source, purpose } = options;
  const { url, ...begun } = await signInAt(c.env, authority, source).begin(options.request);
  const returnTo = safeReturnTo(c.env.ORIGIN, options.returnTo);
  const chosen = { provider: source?.definition.id ?? NO_PROVIDER, ...(source && { method: source.method.id }) };
  await rememberFlow(c, { ...begun, ...chosen, authority: authority.id, returnTo, purpose }, now);
  return url;
}

export function signInAt(env: Env, authority: Authority, source: Source | null): AuthoritySignIn {
  return new AuthoritySignIn(env, authority, source?.method.scopes ?? null, (input, init) => fetch(input, init));
}

/** What a sign-in at this authority is to connect, by its method where one is named; null for nothing. Throws an `AppError`. */
export function sourceAt(authority: Authority, providerId: string, methodId?: string): Source | null {
  if (providerId === NO_PROVIDER) return null;
  const definition = providers.get(providerId);
  const suits = (one: ProviderDefinition["methods"][number]): one is OAuthMethod =>
    one.type === "oauth2" && one.authority === authority.id && (methodId === undefined || one.id === methodId);
  const method = definition?.methods.find(suits);
  if (definition && method) return { definition, method };
  throw new AppError("connection.unsupported", `There is no provider "${providerId}" to connect with an account at ${authority.name}.`);
}
