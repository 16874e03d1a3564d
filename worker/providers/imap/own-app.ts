import { ClientSecretPost } from "oauth4webapi";
import { z } from "zod";
import { ProviderError } from "../errors.ts";
import type { FormMethod, FormValues, MintedToken, ProviderEnv } from "../provider.ts";
import { publicUrl } from "../public-host.ts";
import { CLIENT_CREDENTIALS, type MintContext, type Refusal, requestToken } from "../token-grant.ts";
import { SERVER_FIELDS } from "./settings.ts";

const SAID_CHARACTERS_MAX = 300;

const errorAnswer = z.object({ error: z.string(), error_description: z.string().optional() });

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

async function mint(env: ProviderEnv, values: FormValues, context: MintContext): Promise<MintedToken> {
  const { host, href } = publicUrl((values["tokenUrl"] ?? "").trim(), env.ORIGIN);
  const parameters = { scope: (values["scope"] ?? "").trim() };
  const authentication = ClientSecretPost((values["clientSecret"] ?? "").trim());
  const client = { id: (values["clientId"] ?? "").trim(), authentication };
  const grant = { askedAt: host, url: href, type: CLIENT_CREDENTIALS, parameters, client } as const;
  return requestToken(grant, context, (refusal) => toError(host, refusal));
}

function toError(host: string, { status, told, details }: Refusal): ProviderError {
  const answer = errorAnswer.safeParse(told).data;
  if (answer?.error === "invalid_client" || (status === 401 && !answer))
    return new ProviderError("auth", `${host} refuses this client ID and secret.`, {
      ...details,
      ...(answer && { providerCode: answer.error }),
    });
  if (!answer) return new ProviderError("unsupported", `What answers at ${host} is no token address.`, details);
  const said = (answer.error_description ?? answer.error).slice(0, SAID_CHARACTERS_MAX);
  return new ProviderError("auth", `${host} refuses this: ${said}`, { ...details, providerCode: answer.error });
}
