import type { IDToken } from "oauth4webapi";
import { z } from "zod";
import type { Person } from "../person.ts";
import { tokenRejected } from "../problem.ts";
import type { Authority, ToldError, Trouble } from "./authority.ts";
import { registration } from "./authority.ts";

const NAME = "Google";
/** Beside organisations' own domains, the one whose addresses Google itself hands out. */
const GMAIL = /@gmail\.com$/i;
const POLICY = new Set(["admin_policy_enforced", "org_internal", "access_not_configured"]);

const claims = z.object({
  iss: z.string(),
  sub: z.string().min(1),
  email: z.string().optional(),
  email_verified: z.union([z.boolean(), z.string()]).optional(),
  hd: z.string().optional(),
  name: z.string().optional(),
});

/** Google Identity. Its refresh tokens stay as they are, and are given only where consent was asked for. */
export const google: Authority = {
  id: "google",
  name: NAME,
  client: (env) => registration(env.GOOGLE_CLIENT_ID, env.GOOGLE_CLIENT_SECRET),
  server: ({ GOOGLE_LOGIN_URL, GOOGLE_OAUTH_URL, GOOGLE_API_URL }) => ({
    issuer: GOOGLE_LOGIN_URL,
    authorization_endpoint: `${GOOGLE_LOGIN_URL}/o/oauth2/v2/auth`,
    token_endpoint: `${GOOGLE_OAUTH_URL}/token`,
    jwks_uri: `${GOOGLE_API_URL}/oauth2/v3/certs`,
  }),
  clientAuthentication: "post",
  identity: { scopes: ["openid", "email", "profile"], provider: "none", person: toPerson },
  authorizeParameters: ({ connecting, chooseAccount, consent, loginHint }) => {
    const prompts = [...(chooseAccount ? ["select_account"] : []), ...(connecting || consent ? ["consent"] : [])];
    return {
      ...(connecting && { access_type: "offline" }),
      ...(prompts.length > 0 && { prompt: prompts.join(" ") }),
      ...(loginHint !== undefined && { login_hint: loginHint }),
    };
  },
  trouble,
  refusal: ({ error }) => {
    if (POLICY.has(error)) return "dead_grant";
    return error === "deleted_client" ? "operator" : undefined;
  },
  revocation: {
    by: "refresh_token",
    request: ({ GOOGLE_OAUTH_URL }, _client, token) => ({ url: `${GOOGLE_OAUTH_URL}/revoke`, body: new URLSearchParams({ token }) }),
  },
};

function trouble({ error }: ToldError): Trouble | undefined {
  if (POLICY.has(error)) return "organisation";
  return error === "deleted_client" ? "operator" : undefined;
}

/**
 * The person, from verified claims. Google vouches for an address only where it is one of its own, or of the organisation that the
 * account belongs to (`hd`): another one was the person's when they registered it, and its domain may have changed hands since.
 */
function toPerson(verified: IDToken): Person {
  const parsed = claims.safeParse(verified);
  if (!parsed.success) throw tokenRejected(NAME, "The token lacks a claim.", parsed.error);
  const { iss, sub, email, email_verified: confirmed, hd, name } = parsed.data;
  const verifiedHere = (confirmed === true || confirmed === "true") && email !== undefined && (hd !== undefined || GMAIL.test(email));
  return {
    identity: { issuer: iss, subject: sub },
    accountId: sub,
    name: name ?? email ?? "Unnamed",
    email: email ?? null,
    verifiedEmail: verifiedHere ? email : null,
    ...(hd !== undefined && { hostedDomain: hd }),
  };
}
