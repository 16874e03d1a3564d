import { ClientSecretBasic } from "oauth4webapi";
import { z } from "zod";
import { ProviderError } from "../errors.ts";
import type { FormField, FormValues, MintedToken, ProviderEnv } from "../provider.ts";
import { type MintContext, type Refusal, requestToken, type TokenGrant } from "../token-grant.ts";

// Tokens of apps for themselves and of service accounts, at the token endpoint of APS.

export const READ = "data:read";
/** What it takes to be told of changes: hooks are written, files never are. */
export const HOOKS = "data:read data:write";

const errorAnswer = z.object({
  error: z.string().optional(),
  error_description: z.string().optional(),
  errorCode: z.string().optional(),
  developerMessage: z.string().optional(),
});

export const clientFields: readonly FormField[] = [
  { name: "clientId", label: "Client ID", kind: "text", help: "Of your app at aps.autodesk.com, under Applications.", required: true },
  { name: "clientSecret", label: "Client secret", kind: "secret", help: "Of the same app, beside its client ID.", required: true },
];

export const tokenUrl = ({ AUTODESK_API_URL }: ProviderEnv): string => `${AUTODESK_API_URL}/authentication/v2/token`;

/** Asks for a token. Throws `auth`, in words for the person, where that is refused. */
export function mintAt(
  env: ProviderEnv,
  values: FormValues,
  { type, parameters }: Pick<TokenGrant, "type" | "parameters">,
  context: MintContext,
): Promise<MintedToken> {
  const authentication = ClientSecretBasic(values["clientSecret"]?.trim() ?? "");
  const client = { id: values["clientId"]?.trim() ?? "", authentication };
  return requestToken({ askedAt: "Autodesk", url: tokenUrl(env), type, parameters, client }, context, toError);
}

/** Autodesk refuses in OAuth's words, or in its own. */
function toError({ status, told, details }: Refusal): ProviderError {
  const { error, errorCode, error_description: said, developerMessage } = errorAnswer.safeParse(told).data ?? {};
  const providerCode = error ?? errorCode;
  if (providerCode === undefined) return new ProviderError("transient", "Autodesk’s answer has no access token.", details);
  if (status === 401 || providerCode === "invalid_client") {
    const message = "Autodesk refuses this client ID and secret, or the app has no access to the Data Management API.";
    return new ProviderError("auth", message, { ...details, providerCode });
  }
  const message = `Autodesk refuses this: ${said ?? developerMessage ?? providerCode}`.replace(/[.\s]*$/, ".");
  return new ProviderError("auth", message, { ...details, providerCode });
}
