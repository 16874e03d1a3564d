import type { FormMethod, FormValues, MintedToken, ProviderEnv } from "../provider.ts";
import { CLIENT_CREDENTIALS, type MintContext } from "../token-grant.ts";
import { clientFields, mintAt, READ } from "./mint.ts";

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
  return mintAt(env, values, { type: CLIENT_CREDENTIALS, parameters: { scope } }, context);
}
