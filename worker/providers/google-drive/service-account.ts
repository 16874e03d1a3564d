import { importPKCS8, SignJWT } from "jose";
import { z } from "zod";
import { ProviderError } from "../errors.ts";
import { jsonOf } from "../json.ts";
import type { FormMethod, FormValues, MintedToken, ProviderEnv } from "../provider.ts";
import { byStatement, JWT_BEARER, type MintContext, type Refusal, requestToken } from "../token-grant.ts";

// Service accounts: a key that signs a statement, which Google takes for an access token. With the administrator's leave they
// also speak for a person of the Workspace.

export const SCOPE = "https://www.googleapis.com/auth/drive.readonly";
/** The longest that Google takes. */
const STATEMENT_SECONDS = 3_600;

const keyFile = z.object({
  type: z.literal("service_account"),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
});
type KeyFile = z.infer<typeof keyFile>;

const errorAnswer = z.object({ error: z.string(), error_description: z.string().optional() });

export const serviceAccount: FormMethod = {
  type: "service_account",
  id: "service-account",
  name: "Service account",
  fields: [
    {
      name: "key",
      label: "Key file",
      kind: "json",
      help: "The JSON key of the service account, as the Google Cloud console downloads it: IAM, Service accounts, Keys.",
      required: true,
      placeholder: '{"type":"service_account",…}',
    },
    {
      name: "subject",
      label: "On behalf of",
      kind: "email",
      help: "The person of your Google Workspace whose drive is copied, if an administrator has set up domain-wide delegation; else leave it empty.",
      required: false,
      placeholder: "someone@example.com",
    },
  ],
  mint,
};

async function mint(env: ProviderEnv, values: FormValues, context: MintContext): Promise<MintedToken> {
  // Not where the file says: whoever gives us a key must not choose who gets what it signs.
  const url = `${env.GOOGLE_OAUTH_URL}/token`;
  const key = readKey(values["key"] ?? "");
  const assertion = await sign(key, values["subject"]?.trim() ?? "", url, context.now());
  const client = { id: key.client_email, authentication: byStatement };
  return requestToken({ askedAt: "Google", url, type: JWT_BEARER, parameters: { assertion }, client }, context, toError);
}

function readKey(text: string): KeyFile {
  const key = keyFile.safeParse(jsonOf(text));
  if (!key.success) throw new ProviderError("auth", "This is no key file of a service account: paste all of the JSON file.");
  return key.data;
}

async function sign(
  { client_email, private_key, private_key_id }: KeyFile,
  subject: string,
  audience: string,
  now: number,
): Promise<string> {
  const key = await importPKCS8(private_key, "RS256").catch((error: unknown) => {
    throw new ProviderError("auth", "The private key in this file cannot be read.", { cause: error });
  });
  const issuedAt = Math.floor(now / 1000);
  const statement = new SignJWT({ scope: SCOPE, ...(subject !== "" && { sub: subject }) })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", ...(private_key_id !== undefined && { kid: private_key_id }) })
    .setIssuer(client_email)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + STATEMENT_SECONDS);
  return statement.sign(key);
}

function toError({ told, details }: Refusal): ProviderError {
  const answer = errorAnswer.safeParse(told);
  if (!answer.success) return new ProviderError("transient", "Google’s answer has no access token.", details);
  const { error: providerCode, error_description: said } = answer.data;
  if (providerCode === "unauthorized_client") {
    const message = `This service account may not speak for that person: an administrator has to allow it the scope ${SCOPE} by domain-wide delegation.`;
    return new ProviderError("auth", message, { ...details, providerCode });
  }
  const message = `Google refuses this key: ${said ?? providerCode}.`.replace(/\.+$/, ".");
  return new ProviderError("auth", message, { ...details, providerCode });
}
