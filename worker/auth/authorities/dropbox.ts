import type { Authority } from "./authority.ts";

/** Dropbox. Its refresh tokens neither change nor expire. */
export const dropbox: Authority = {
  id: "dropbox",
  name: "Dropbox",
  client: (env: Env & { DROPBOX_CLIENT_SECRET?: string }) => {
    const { DROPBOX_CLIENT_ID: id, DROPBOX_CLIENT_SECRET: secret } = env;
    return id && secret ? { id, secret } : null;
  },
  server: ({ DROPBOX_LOGIN_URL, DROPBOX_API_URL }) => ({ issuer: DROPBOX_LOGIN_URL, token_endpoint: `${DROPBOX_API_URL}/oauth2/token` }),
  clientAuthentication: "post",
  // The error's name is followed by its description there.
  refusal: ({ error }) => (error.startsWith("invalid_client") ? "operator" : undefined),
};
