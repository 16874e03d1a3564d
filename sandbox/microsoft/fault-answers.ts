import { randomUUID } from "node:crypto";
import type { Answer } from "../answers.ts";

/** A Graph error object, as the service writes them. */
export function errorBody(code: string, message: string, inner: Record<string, unknown> = {}): object {
  const innerError = {
    ...inner,
    date: new Date().toISOString().slice(0, 19),
    "request-id": randomUUID(),
    "client-request-id": randomUUID(),
  };
  return { error: { code, message, innerError } };
}

export function graphAnswer(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
  inner: Record<string, unknown> = {},
): Answer {
  return { status, headers: { "Content-Type": "application/json", ...headers }, body: errorBody(code, message, inner) };
}

const RESYNC_MESSAGE =
  "Resync required. Replace any local items with the server's version (including deletes) if you're sure that the service was up to date " +
  "with your local changes when you last sync'd. Upload any local changes that the server doesn't know about.";

/** 410 in one of its code forms. `inner` is the advice, where the form has one. */
export function resyncAnswer(code: string, inner: string | undefined, location: string | undefined): Answer {
  return graphAnswer(
    410,
    code,
    RESYNC_MESSAGE,
    location === undefined ? {} : { Location: location },
    inner === undefined ? {} : { code: inner },
  );
}

export function throttledAnswer(retryAfterSeconds: number | undefined, rateLimit?: { limit: number; resetSeconds: number }): Answer {
  const headers: Record<string, string> = {};
  if (retryAfterSeconds !== undefined) headers["Retry-After"] = String(retryAfterSeconds);
  if (rateLimit !== undefined) {
    headers["RateLimit-Limit"] = String(rateLimit.limit);
    headers["RateLimit-Remaining"] = "0";
    headers["RateLimit-Reset"] = String(rateLimit.resetSeconds);
  }
  return graphAnswer(429, "activityLimitReached", "The request has been throttled", headers, { code: "throttledRequest" });
}

export function frontDoorThrottledAnswer(retryAfterSeconds: number): Answer {
  const inner = {
    code: "429",
    date: new Date().toISOString().slice(0, 19),
    message: "Please retry after",
    "request-id": randomUUID(),
    status: "429",
  };
  return {
    status: 429,
    headers: { "Content-Type": "application/json", "Retry-After": String(retryAfterSeconds) },
    body: { error: { code: "TooManyRequests", innerError: inner, message: "Please retry again later." } },
  };
}

export function claimsChallengeAnswer(): Answer {
  const claims = Buffer.from(
    JSON.stringify({ access_token: { nbf: { essential: true, value: String(Math.floor(Date.now() / 1000)) } } }),
  ).toString("base64");
  const challenge =
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ' +
    `client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="${claims}"`;
  const message =
    "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: LocationConditionEvaluationSatisfied";
  return graphAnswer(401, "InvalidAuthenticationToken", message, { "WWW-Authenticate": challenge });
}
