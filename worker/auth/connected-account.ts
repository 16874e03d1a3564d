import type { ErrorCode } from "../errors.ts";
import type { ProviderErrorKind } from "../providers/errors.ts";
import { asProviderError } from "../providers/errors.ts";
import type { ProviderDefinition } from "../providers/provider.ts";
import { ASK_CONSENT_AGAIN, SignInProblem, TRY_AGAIN } from "./problem.ts";

const REFUSED: ReadonlySet<ProviderErrorKind> = new Set(["auth", "forbidden"]);

/** Whose account it is, asked of the source itself with the new token: for authorities that do not say. Throws a `SignInProblem`. */
export async function connectedAccount(
  env: Env,
  definition: ProviderDefinition,
  accessToken: string,
): Promise<{ id: string; label: string; email: string | null }> {
  const provider = definition.create(env, {
    fetch: (input, init) => fetch(input, init),
    now: () => Date.now(),
    accessToken: () => Promise.resolve(accessToken),
  });
  try {
    const { id, label, email } = await provider.account();
    return { id, label, email: email ?? null };
  } catch (error) {
    const { kind, message } = asProviderError(error);
    const refused = REFUSED.has(kind);
    const code: ErrorCode = refused ? "auth.consent_declined" : "auth.authority_failed";
    const words = refused
      ? `${definition.name} does not let Tidemark see whose account this is, so nothing was connected: ${message}`
      : `${definition.name} did not say whose account this is, so nothing was connected. It usually passes.`;
    throw new SignInProblem(code, words, refused ? ASK_CONSENT_AGAIN : TRY_AGAIN, { cause: error });
  }
}
