import { importPKCS8, SignJWT } from "jose";
import { z } from "zod";
import { ProviderError } from "../errors.ts";
import type { FormMethod, FormValues, MintedToken, ProviderEnv } from "../provider.ts";
import { jsonOf } from "../json.ts";
import { JWT_BEARER, type MintContext } from "../token-grant.ts";
import { clientFields, mintAt, READ, tokenUrl } from "./mint.ts";
import { toPkcs8 } from "./pkcs8.ts";

// Secure service accounts: robots of an app, that are invited to projects as people are. A key signs a statement, which Autodesk takes
// for a token as of a person.

const STATEMENT_SECONDS = 300;

/** As Autodesk answers it, once, when a key is made. */
const keyAnswer = z.object({ kid: z.string().min(1), privateKey: z.string().min(1) });

export const serviceAccount: FormMethod = {
  type: "service_account",
  id: "service-account",
  name: "Service account",
  fields: [
    ...clientFields,
    {
      name: "serviceAccountId",
      label: "Service account ID",
      kind: "text",
      help: "The service account’s Autodesk ID, as it was answered when the account was made.",
      required: true,
    },
    {
      name: "key",
      label: "Key",
      kind: "json",
      help: "The service account’s key, as it was answered when it was made: with its kid and its privateKey.",
      required: true,
      placeholder: '{"kid":"…","privateKey":"-----BEGIN…"}',
    },
  ],
  mint: (env, values, context) => mintForServiceAccount(env, values, READ, context),
};

export async function mintForServiceAccount(
  env: ProviderEnv,
  values: FormValues,
  scope: string,
  context: MintContext,
): Promise<MintedToken> {
  const assertion = await sign(env, values, scope, context.now());
  return mintAt(env, values, { type: JWT_BEARER, parameters: { assertion, scope } }, context);
}

async function sign(env: ProviderEnv, values: FormValues, scope: string, now: number): Promise<string> {
  const { kid, privateKey } = readKey(values["key"] ?? "");
  const key = await importKey(privateKey);
  return new SignJWT({ scope: scope.split(" ") })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid })
    .setIssuer(values["clientId"]?.trim() ?? "")
    .setSubject(values["serviceAccountId"]?.trim() ?? "")
    .setAudience(tokenUrl(env))
    .setExpirationTime(Math.floor(now / 1000) + STATEMENT_SECONDS)
    .sign(key);
}

async function importKey(pem: string): Promise<CryptoKey> {
  try {
    return await importPKCS8(toPkcs8(pem), "RS256");
  } catch (error) {
    throw new ProviderError("auth", "The private key in this text cannot be read.", { cause: error });
  }
}

function readKey(text: string): z.infer<typeof keyAnswer> {
  const key = keyAnswer.safeParse(jsonOf(text));
  if (!key.success)
    throw new ProviderError("auth", "This is no key of a service account: paste all of the JSON that has kid and privateKey.");
  return key.data;
}
