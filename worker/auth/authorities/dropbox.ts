import type { Authority } from "./authority.ts";
import { registration } from "./authority.ts";

/** Dropbox. Its refresh tokens neither change nor expire; the account is found by asking the source for it. */
export const dropbox: Authority = {
  id: "dropbox",
  name: "Dropbox",
  client: (env) => registration(env.DROPBOX_CLIENT_ID, env.DROPBOX_CLIENT_SECRET),
  server: ({ DROPBOX_LOGIN_URL, DROPBOX_API_URL }) => ({
    issuer: DROPBOX_LOGIN_URL,
    authorization_endpoint: `${DROPBOX_LOGIN_URL}/oauth2/authorize`,
    token_endpoint: `${DROPBOX_API_URL}/oauth2/token`,
  }),
  clientAuthentication: "post",
  authorizeParameters: ({ consent }) => ({ token_access_type: "offline", ...(consent && { force_reapprove: "true" }) }),
  trouble: ({ error }) => (isClientError(error) ? "operator" : undefined),
  refusal: ({ error }) => (isClientError(error) ? "operator" : undefined),
  // Ends the token, its refresh token and every other token of that.
  revocation: {
    by: "access_token",
    request: ({ DROPBOX_API_URL }, _client, token) => ({
      url: `${DROPBOX_API_URL}/2/auth/token/revoke`,
      headers: { authorization: `Bearer ${token}` },
    }),
  },
};

/** `invalid_client`, and forms of it that say more. */
function isClientError(error: string): boolean {
  return error.startsWith("invalid_client");
}
