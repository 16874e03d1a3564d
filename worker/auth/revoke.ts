import { ProviderError } from "../providers/errors.ts";
import type { Authority, Revocation } from "./authorities/authority.ts";

const REQUEST_TIMEOUT_MILLISECONDS = 10_000;

/** Ends a grant at its authority, by one of its tokens. Throws a `ProviderError` where that did not work. */
export async function revokeGrant(
  authority: Authority,
  revocation: Revocation,
  env: Env,
  token: string,
  context: { fetch: typeof fetch },
): Promise<void> {
  const client = authority.client(env);
  if (!client) throw new ProviderError("operator", `This Tidemark is not registered with ${authority.name} any more.`);
  const { url, ...request } = revocation.request(env, client, token);
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MILLISECONDS);
  const response = await context.fetch(url, { method: "POST", redirect: "manual", signal, ...request });
  await response.body?.cancel();
  if (!response.ok) {
    throw new ProviderError("transient", `${authority.name} did not end the grant: it answered ${response.status}.`, {
      status: response.status,
    });
  }
}
