import type { Person } from "./person.ts";

type AdmissionEnv = Pick<Env, "ALLOWED_TENANTS" | "ALLOWED_EMAIL_DOMAINS">;

/**
 * Whether this person may sign up: their tenant and their domain must be on each list that the operator has set. Tenants are
 * Microsoft's: who comes from elsewhere has none, and is admitted by domain, or, where only tenants are named, not at all.
 *
 * Only what is vouched for counts: an address that is confirmed, or the organisation's own domain. `preferred_username`, and `email`
 * without the optional claim `xms_edov`, can be set to anything by any tenant's administrator.
 */
export function maySignUp(env: AdmissionEnv, person: Pick<Person, "tenantId" | "verifiedEmail" | "hostedDomain">): boolean {
  const tenants = list(env.ALLOWED_TENANTS);
  const domains = list(env.ALLOWED_EMAIL_DOMAINS);
  if (person.tenantId === undefined && tenants.length > 0 && domains.length === 0) return false;
  if (person.tenantId !== undefined && tenants.length > 0 && !tenants.includes(person.tenantId.toLowerCase())) return false;
  if (domains.length === 0) return true;
  return [person.verifiedEmail?.split("@").at(-1), person.hostedDomain].some((domain) => domain && domains.includes(domain.toLowerCase()));
}

function list(setting: string | undefined): string[] {
  return (setting ?? "")
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean);
}
