import { htmlAnswer } from "../answers.ts";
import type { Asked, FaultKinds } from "../fault-kinds.ts";
import { gatewayAnswer, rateLimitAnswer, SCOPE_MISMATCH } from "./answers.ts";
import { API_HOST, AUTH_HOST, MEDIA_HOST } from "./hosts.ts";
import { PRODUCTS } from "./products.ts";

/** A call of a product, at the gateway or at a site. */
const isCall = ({ host, path }: Asked): boolean =>
  host === API_HOST ? path.startsWith("/ex/") : host !== AUTH_HOST && host !== MEDIA_HOST && PRODUCTS.some(({ owns }) => owns(path));
const isToken = ({ host, path }: Asked): boolean => host === AUTH_HOST && path === "/oauth/token";

const refused = (error: string, error_description: string) => () => ({
  status: 403,
  headers: { "Content-Type": "application/json" },
  body: { error, error_description },
});

/** What all products have in common; their own come on top. */
const SHARED = {
  "atlassian-throttled": {
    about: "429 of a burst, with a Retry-After of 2 seconds",
    scope: isCall,
    answer: () => rateLimitAnswer({ reason: "jira-burst-based", retryAfter: 2 }),
  },
  "atlassian-quota-used-up": {
    about: "429 of the hour's points, with a Retry-After of 1,847 seconds",
    scope: isCall,
    answer: () => rateLimitAnswer({ reason: "jira-quota-tenant-based", retryAfter: 1847 }),
  },
  "atlassian-throttled-without-time": {
    about: "429 without Retry-After",
    scope: isCall,
    answer: () => rateLimitAnswer({ reason: "jira-burst-based" }),
  },
  "atlassian-server-error": { about: "500, as a page", scope: isCall, answer: () => htmlAnswer(500, "Oops, an error has occurred") },
  "atlassian-busy": {
    about: "503 with a Retry-After of 2 seconds",
    scope: isCall,
    answer: () => gatewayAnswer(503, "Service Unavailable", { "Retry-After": "2" }),
  },
  "atlassian-unavailable": {
    about: "503 that names no time",
    scope: isCall,
    answer: () => htmlAnswer(503, "Site temporarily unavailable"),
  },
  "atlassian-unauthorized": {
    about: "401 from every product, whatever the token",
    scope: isCall,
    answer: () => gatewayAnswer(401, "Unauthorized"),
  },
  "atlassian-scope-missing": { about: "401: the scope does not match", scope: isCall, answer: () => gatewayAnswer(401, SCOPE_MISMATCH) },
  "atlassian-forbidden": { about: "403: no access to the product", scope: isCall, answer: () => gatewayAnswer(403, "Forbidden") },
  "atlassian-captcha": {
    about: "403: the person must solve a CAPTCHA at the site first",
    scope: isCall,
    answer: () => ({
      status: 403,
      headers: {
        "Content-Type": "text/html",
        "X-Seraph-LoginReason": "AUTHENTICATION_DENIED",
        "X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://id.atlassian.com/login",
      },
      body: "Basic Authentication Failure - Reason : AUTHENTICATION_DENIED",
    }),
  },
  "atlassian-refresh-invalid": {
    about: "the token endpoint answers that the refresh token is invalid",
    scope: isToken,
    answer: refused("unauthorized_client", "refresh_token is invalid"),
  },
  "atlassian-grant-ended": {
    about: "the token endpoint answers invalid_grant",
    scope: isToken,
    answer: refused("invalid_grant", "Unknown or invalid refresh token."),
  },
  "atlassian-sites-lost": {
    about: "the token is good for no site",
    scope: ({ host, path }) => host === API_HOST && path === "/oauth/token/accessible-resources",
    answer: () => ({ status: 200, headers: { "Content-Type": "application/json" }, body: [] }),
  },
  "atlassian-media-expired": {
    about: "signed addresses of files are refused",
    scope: ({ host }) => host === MEDIA_HOST,
    answer: () => gatewayAnswer(401, "The token is not valid any more"),
  },
} as const satisfies FaultKinds;

export const FAULT_KINDS: FaultKinds = Object.assign({}, SHARED, ...PRODUCTS.map(({ faultKinds }) => faultKinds)) as FaultKinds;
