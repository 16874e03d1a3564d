import { providers } from "../providers/registry.ts";
import type { OAuthMethod, ProviderDefinition } from "../providers/provider.ts";
import { AppError } from "../errors.ts";
import type { AppContext, AppEnv } from "../context.ts";
import type { FlowPurpose } from "./flow.ts";
import { rememberFlow } from "./flow.ts";
import type { BeginRequest } from "./microsoft.ts";
import { MicrosoftSignIn } from "./microsoft.ts";
import { safeReturnTo } from "./return-to.ts";

export const MICROSOFT = "microsoft";
export const DEFAULT_PROVIDER = "onedrive";

interface BeginOptions extends BeginRequest {
  provider: string;
  returnTo: string | undefined;
  purpose: FlowPurpose;
}

/** Begins a sign-in in this browser; the address at Microsoft that goes on with it. */
export async function beginSignIn<E extends AppEnv>(c: AppContext<E>, options: BeginOptions, now: number): Promise<string> {
  const { provider, method } = microsoftProvider(options.provider);
  const { url, ...begun } = await new MicrosoftSignIn(c.env, method.scopes).begin(options);
  const returnTo = safeReturnTo(c.env.ORIGIN, options.returnTo);
  await rememberFlow(c, { ...begun, authority: MICROSOFT, provider: provider.id, returnTo, purpose: options.purpose }, now);
  return url;
}

/** The provider with this id, if a Microsoft account is what it takes. */
export function microsoftProvider(id: string): { provider: ProviderDefinition; method: OAuthMethod } {
  const provider = providers.get(id);
  const method = provider?.methods.find((each) => each.type === "oauth2");
  if (!provider || method?.authority !== MICROSOFT) {
    throw new AppError("connection.unsupported", `There is no provider "${id}" to connect with a Microsoft account.`);
  }
  return { provider, method };
}
