import * as oauth from "oauth4webapi";
import { ProviderError } from "../errors.ts";
import { retryAfterSeconds } from "../http.ts";
import type { FormMethod, FormValues, MintedToken, ProviderEnv } from "../provider.ts";
import { publicUrl } from "../public-host.ts";
import { SERVER_FIELDS } from "./settings.ts";

const ANSWER_SECONDS_MAX = 20;
const LIFE_SECONDS = 3_600;

/**
 * An app of one's own that an administrator has let into the mailbox: for servers that take tokens and no passwords, such as
 * Microsoft 365. Its tokens are minted by client credentials (RFC 6749, 4.4), and handed to the server by XOAUTH2.
 */
export const ownApp: FormMethod = {
  type: "token",
  id: "xoauth2",
  name: "App of your own, by tokens (XOAUTH2)",
  fields: [
    ...SERVER_FIELDS,
    {
      name: "tokenUrl",
      label: "Token address",
      kind: "url",
      required: true,
      placeholder: "https://login.microsoftonline.com/your-directory/oauth2/v2.0/token",
      help: "Where the app is given its tokens.",
    },
    { name: "clientId", label: "Client ID", kind: "text", required: true, help: "Of the app's registration." },
    {
      name: "clientSecret",
      label: "Client secret",
      kind: "secret",
      required: true,
      help: "Of the same registration; not the secret's ID.",
    },
    {
      name: "scope",
      label: "Scope",
      kind: "text",
      required: true,
      placeholder: "https://outlook.office365.com/.default",
      help: "What its tokens are for, as the mail provider's help pages give it.",
    },
  ],
  mint,
};

async function mint(env: ProviderEnv, values: FormValues, context: { fetch: typeof fetch; now: () => number }): Promise<MintedToken> {
  const url = publicUrl((values["tokenUrl"] ?? "").trim(), env.ORIGIN);
  const server: oauth.AuthorizationServer = { issuer: url.origin, token_endpoint: url.href };
  const client: oauth.Client = { client_id: (values["clientId"] ?? "").trim() };
  const response = await ask(server, client, values, context);
  const { status } = response;
  const wait = retryAfterSeconds(response.headers, context.now());
  const details = { status, ...(wait !== undefined && { retryAfterSeconds: wait }) };
  if (status === 429) throw new ProviderError("throttled", `${url.host} asks us to slow down.`, details);
  if (status >= 500) throw new ProviderError("transient", `${url.host} answered ${status}.`, details);
  try {
    const answer = await oauth.processClientCredentialsResponse(server, client, response);
    return { accessToken: answer.access_token, expiresAt: context.now() + (answer.expires_in ?? LIFE_SECONDS) * 1000 };
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) throw refusal(url.host, error);
    if (error instanceof oauth.WWWAuthenticateChallengeError)
      throw new ProviderError("auth", `${url.host} refuses this client ID and secret.`, { status });
    throw new ProviderError("unsupported", `What answers at ${url.host} is no token address.`, { status });
  }
}

async function ask(
  server: oauth.AuthorizationServer,
  client: oauth.Client,
  values: FormValues,
  context: { fetch: typeof fetch },
): Promise<Response> {
  const secret = oauth.ClientSecretPost((values["clientSecret"] ?? "").trim());
  try {
    return await oauth.clientCredentialsGrantRequest(
      server,
      client,
      secret,
      { scope: (values["scope"] ?? "").trim() },
      {
        [oauth.customFetch]: context.fetch,
        // In development alone does such an address come this far.
        [oauth.allowInsecureRequests]: server.token_endpoint?.startsWith("http:") ?? false,
        signal: () => AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000),
      },
    );
  } catch (error) {
    throw new ProviderError("transient", `${new URL(server.issuer).host} does not answer.`, { cause: error });
  }
}

function refusal(host: string, { error, error_description: said, status }: oauth.ResponseBodyError): ProviderError {
  const message =
    error === "invalid_client" ? `${host} refuses this client ID and secret.` : `${host} refuses this: ${(said ?? error).slice(0, 300)}`;
  return new ProviderError("auth", message, { status, providerCode: error });
}
