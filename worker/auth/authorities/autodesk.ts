import type { Authority } from "./authority.ts";
import { basic, registration } from "./authority.ts";

/** What the gateway before the token endpoint calls its errors, such as `AUTH-007`. */
const GATEWAY_ERROR = /^AUTH-\d+$/;

/** Autodesk Platform Services, authentication v2. Each refresh token works once: an answer that was lost cannot be had again. */
export const autodesk: Authority = {
  id: "autodesk",
  name: "Autodesk",
  client: (env) => registration(env.AUTODESK_CLIENT_ID, env.AUTODESK_CLIENT_SECRET),
  server: ({ AUTODESK_API_URL }) => {
    const base = `${AUTODESK_API_URL}/authentication/v2`;
    return { issuer: AUTODESK_API_URL, authorization_endpoint: `${base}/authorize`, token_endpoint: `${base}/token` };
  },
  clientAuthentication: "basic",
  rotationGraceSeconds: 0,
  trouble: ({ error }) => (GATEWAY_ERROR.test(error) ? "operator" : undefined),
  // The gateway knows clients and what they may use, and nothing of grants.
  refusal: ({ error }) => (GATEWAY_ERROR.test(error) ? "operator" : undefined),
  refusedBody: ({ errorCode, developerMessage }) =>
    typeof errorCode === "string" ? { error: errorCode, error_description: String(developerMessage ?? "") } : undefined,
  revocation: {
    by: "refresh_token",
    request: ({ AUTODESK_API_URL }, client, token) => ({
      url: `${AUTODESK_API_URL}/authentication/v2/revoke`,
      headers: { authorization: basic(client) },
      body: new URLSearchParams({ token, token_type_hint: "refresh_token" }),
    }),
  },
};
