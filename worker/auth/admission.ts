import type { MicrosoftPerson } from "./microsoft-token.ts";

type AdmissionEnv = Pick<Env, "ALLOWED_TENANTS" | "ALLOWED_EMAIL_DOMAINS">;

/**
 * Whether this person may sign up: their tenant and the domain of their address must be on each list that the operator
 * has set. Only a confirmed address counts (the optional claim `xms_edov`): `preferred_username`, and `email` without
 * it, can be set to anything by any tenant's administrator.
 */
export function maySignUp(env: AdmissionEnv, person: Pick<MicrosoftPerson, "tenantId" | "verifiedEmail">): boolean {
  const tenants = list(env.ALLOWED_TENANTS);
  const domains = list(env.ALLOWED_EMAIL_DOMAINS);
  if (tenants.length > 0 && !tenants.includes(person.tenantId.toLowerCase())) return false;
  if (domains.length === 0) return true;
  const domain = person.verifiedEmail?.split("@").at(-1)?.toLowerCase();
  return domain !== undefined && domains.includes(domain);
}

function list(setting: string | undefined): string[] {
  return (setting ?? "")
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean);
}
