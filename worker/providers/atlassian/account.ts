import { ProviderError } from "../errors.ts";
import type { Account } from "../provider.ts";
import type { Me } from "./api.ts";
import type { AtlassianApi } from "./atlassian-api.ts";
import type { Site } from "./sites.ts";

/** Who somebody is at a site, as a product tells it. */
export interface Person {
  accountId: string;
  name: string;
  email?: string;
}

/**
 * The account behind a connection. A sign-in is the person's, whatever sites they have; an API token is for one site, and makes an
 * account of its own. `person` asks the product who they are; it throws where they are nobody there.
 */
export async function account(
  api: AtlassianApi,
  env: { ATLASSIAN_API_URL: string },
  product: string,
  person: (site: Site) => Promise<Person>,
): Promise<Account> {
  const [signIn, sites] = await Promise.all([api.signIn(), api.sites()]);
  const [site] = sites;
  if (!site) throw new ProviderError("forbidden", `This account has no site with ${product}.`);
  if (signIn.kind === "oauth") {
    const me = ((await api.jsonAt(`${env.ATLASSIAN_API_URL}/me`)) ?? {}) as Me;
    if (typeof me.account_id !== "string") throw new ProviderError("fatal", "The account has no id.");
    return described({ accountId: me.account_id, name: me.name ?? me.email ?? "Atlassian", ...(me.email && { email: me.email }) }, sites);
  }
  const found = await person(site).catch((error: unknown) => {
    throw error instanceof ProviderError && error.kind === "not_found" ? missing(product, signIn.host) : error;
  });
  const { id, ...rest } = described(found, sites);
  return { id: `${id}@${site.id}`, ...rest };
}

function described({ accountId, name, email }: Person, sites: readonly Site[]): Account {
  const where = sites.map((site) => site.name).join(", ");
  return { id: accountId, label: `${name} at ${where}`, ...(email !== undefined && { email }) };
}

/** At the address that somebody typed there is something else, or nothing. */
function missing(product: string, host: string): ProviderError {
  return new ProviderError("unsupported", `There is no ${product} at ${host}.`);
}
