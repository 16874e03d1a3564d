import type { IDToken, JWKSCacheInput } from "oauth4webapi";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { z } from "zod";
import type { Person } from "../person.ts";
import type { SignInProblem } from "../problem.ts";
import { tokenRejected } from "../problem.ts";

// What Microsoft's id tokens need beyond OpenID Connect: one set of keys serves every tenant, so the issuer is a template
// that the token's own tenant fills in, and each key says for which issuer it signs.

const TENANT_PLACEHOLDER = "{tenantid}";
/** The tenant of personal accounts. */
const CONSUMERS_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad";

const claims = z.object({
  iss: z.string(),
  sub: z.string().min(1),
  tid: z.guid(),
  oid: z.guid(),
  ver: z.literal("2.0"),
  name: z.string().optional(),
  email: z.string().optional(),
  preferred_username: z.string().optional(),
  xms_edov: z.union([z.boolean(), z.number(), z.string()]).optional(),
});

const signingKey = z.object({ kid: z.string().optional(), issuer: z.string().optional() });

/** The issuer that discovery must state for a tenant setting. */
export function expectedIssuer(loginUrl: string, tenant: string): string {
  if (tenant === "common" || tenant === "organizations") return `${loginUrl}/${TENANT_PLACEHOLDER}/v2.0`;
  return `${loginUrl}/${tenant === "consumers" ? CONSUMERS_TENANT : tenant}/v2.0`;
}

/** The issuer that this id token must name: the template with the token's own tenant. Nothing of the token is verified yet. */
export function issuerForToken(template: string, idToken: unknown): string {
  const tenant = typeof idToken === "string" ? z.guid().safeParse(decodeTenant(idToken)) : undefined;
  if (!tenant?.success) throw rejected("The token names no tenant.");
  return template.replace(TENANT_PLACEHOLDER, tenant.data);
}

/** Refuses a token whose signing key belongs to another issuer than the token names. */
export function assertKeyIssuer(
  idToken: string,
  { identity, tenantId = "" }: Pick<Person, "identity" | "tenantId">,
  cache: JWKSCacheInput,
): void {
  const keyId = decodeProtectedHeader(idToken).kid;
  const keys = z.array(signingKey).parse("jwks" in cache ? cache.jwks.keys : []);
  const stated = keys.find((key) => key.kid === keyId)?.issuer;
  if (stated === undefined || stated.replace(TENANT_PLACEHOLDER, tenantId) !== identity.issuer) {
    throw rejected("The token's key is another issuer's.");
  }
}

/** The person, from claims whose signature, issuer, audience, times and nonce are verified. */
export function toPerson(verified: IDToken): Person {
  const parsed = claims.safeParse(verified);
  if (!parsed.success) throw rejected("The token lacks a claim.", parsed.error);
  const { iss, sub, tid, oid, name, email, preferred_username, xms_edov } = parsed.data;
  const confirmed = xms_edov === true || xms_edov === 1 || xms_edov === "1" || xms_edov === "true";
  const address = email ?? (preferred_username?.includes("@") ? preferred_username : undefined);
  return {
    identity: { issuer: iss, subject: sub },
    tenantId: tid,
    accountId: `${tid}.${oid}`,
    name: name ?? address ?? "Unnamed",
    email: address ?? null,
    verifiedEmail: confirmed && email !== undefined ? email : null,
  };
}

function decodeTenant(idToken: string): unknown {
  try {
    return decodeJwt(idToken)["tid"];
  } catch {
    return undefined;
  }
}

function rejected(reason: string, cause?: unknown): SignInProblem {
  return tokenRejected("Microsoft", reason, cause);
}
