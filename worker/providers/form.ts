import { ProviderError } from "./errors.ts";
import type { Account, FormMethod, FormValues, ProviderContext, ProviderDefinition, ProviderEnv } from "./provider.ts";

// A connection that is made by filling in a form: the values are tried at the source before anything is kept.

/** What is wrong with the values, before the source is asked; null where nothing is. */
export function formProblem(method: FormMethod, values: FormValues): string | null {
  const unknown = Object.keys(values).find((name) => !method.fields.some((field) => field.name === name));
  if (unknown !== undefined) return `fields.${unknown}: there is no such field`;
  const missing = method.fields.find(({ name, required }) => required && (values[name] ?? "").trim() === "");
  return missing ? `fields.${missing.name}: ${missing.label} is needed` : null;
}

/** The account that these values open. Throws a `ProviderError` that says why they open none. */
export async function tryForm(
  definition: ProviderDefinition,
  method: FormMethod,
  values: FormValues,
  env: ProviderEnv,
  context: Pick<ProviderContext, "fetch" | "connect" | "now">,
): Promise<Account> {
  const provider = definition.create(env, {
    ...context,
    fields: async () => values,
    accessToken: async () => {
      if (!method.mint) throw new ProviderError("fatal", "This way to connect has no access tokens.");
      return (await method.mint(env, values, context)).accessToken;
    },
  });
  return provider.account();
}
