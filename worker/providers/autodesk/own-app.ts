import type { FormMethod, FormValues, MintedToken, ProviderEnv } from "../provider.ts";
import { clientFields, type MintContext, READ, requestToken } from "./mint.ts";

/** An app that speaks for itself (two-legged): for accounts whose administrator has added it as a custom integration. */
export const app: FormMethod = {
  type: "token",
  id: "app",
  name: "App of your own, for a whole account",
  fields: [
    ...clientFields,
    {
      name: "user",
      label: "On behalf of",
      kind: "text",
      help: "The Autodesk ID of a person whose view of the projects is copied; left empty, all that the app is shown.",
      required: false,
    },
  ],
  mint: (env, values, context) => mintForApp(env, values, READ, context),
};

export function mintForApp(env: ProviderEnv, values: FormValues, scope: string, context: MintContext): Promise<MintedToken> {
  return requestToken(env, values, { grant_type: "client_credentials", scope }, context);
}
