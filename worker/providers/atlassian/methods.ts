import type { FormField, FormMethod, OAuthMethod } from "../provider.ts";

const site: FormField = {
  name: "site",
  label: "Site",
  kind: "url",
  help: "The address at which you use it, as in your browser.",
  required: true,
  placeholder: "https://your-team.atlassian.net",
};

const email: FormField = {
  name: "email",
  label: "E-mail address",
  kind: "email",
  help: "The one that you sign in with at Atlassian.",
  required: true,
};

const WHERE = "Make one for Tidemark alone at id.atlassian.com, under Security, API tokens.";

/** An API token without scopes: it can do all that the person can, and is sent to their site. */
export const apiToken: FormMethod = {
  type: "token",
  id: "api-token",
  name: "API token",
  fields: [site, email, { name: "token", label: "API token", kind: "secret", help: WHERE, required: true }],
};

/** An API token with scopes, which are those of `scopes`: it can do no more than they say, and is sent to Atlassian's gateway. */
export function scopedApiToken(scopes: readonly string[]): FormMethod {
  const help = `${WHERE} Choose “with scopes”, and these: ${scopes.join(", ")}.`;
  return {
    type: "token",
    id: "scoped-api-token",
    name: "API token with scopes",
    fields: [site, email, { name: "scopedToken", label: "API token with scopes", kind: "secret", help, required: true }],
  };
}

/** Atlassian's sign-in. `read:me` is for the person's name; lasting access is the authority's to ask for. */
export function atlassianSignIn(scopes: readonly string[]): OAuthMethod {
  return { type: "oauth2", id: "atlassian", name: "Atlassian account", authority: "atlassian", scopes: ["read:me", ...scopes] };
}
