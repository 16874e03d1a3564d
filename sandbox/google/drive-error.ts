import { Refusal, type Answer } from "../answers.ts";

const JSON_TYPE = { "Content-Type": "application/json; charset=UTF-8" };

type Detail = { domain?: string; location?: string; locationType?: string; status?: string; details?: object[] };

/** An error in the form of Google's JSON APIs. */
export function driveAnswer(
  code: number,
  reason: string,
  message: string,
  detail: Detail = {},
  headers: Record<string, string> = {},
): Answer {
  const { domain = "global", location, locationType = "parameter", status, details } = detail;
  const error = { message, domain, reason, ...(location !== undefined && { location, locationType }) };
  const body = { error: { code, message, errors: [error], ...(status !== undefined && { status }), ...(details && { details }) } };
  return { status: code, headers: { ...JSON_TYPE, ...headers }, body };
}

export const refuse = (code: number, reason: string, message: string, detail: Detail = {}): Refusal =>
  new Refusal(driveAnswer(code, reason, message, detail));

export const fileNotFound = (id: string): Refusal => refuse(404, "notFound", `File not found: ${id}.`, { location: "fileId" });
export const driveNotFound = (id: string): Refusal => refuse(404, "notFound", `Shared drive not found: ${id}`, { location: "driveId" });
export const invalidValue = (location: string, message = "Invalid Value"): Refusal => refuse(400, "invalid", message, { location });
export const required = (location: string): Refusal => refuse(400, "required", `Required parameter: ${location}`, { location });

export function tokenRefused(): Answer {
  const message =
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";
  const answer = driveAnswer(
    401,
    "authError",
    message,
    { location: "Authorization", locationType: "header", status: "UNAUTHENTICATED" },
    {
      "WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"',
    },
  );
  const { errors } = (answer.body as { error: { errors: { message: string }[] } }).error;
  if (errors[0]) errors[0].message = "Invalid Credentials";
  return answer;
}

export function tokenMissing(): Answer {
  const message =
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential.";
  const info = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "CREDENTIALS_MISSING", domain: "googleapis.com" };
  return driveAnswer(401, "required", message, {
    location: "Authorization",
    locationType: "header",
    status: "UNAUTHENTICATED",
    details: [info],
  });
}

export function scopeInsufficient(): Answer {
  const info = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "ACCESS_TOKEN_SCOPE_INSUFFICIENT", domain: "googleapis.com" };
  const message = "Request had insufficient authentication scopes.";
  const answer = driveAnswer(403, "insufficientPermissions", message, { status: "PERMISSION_DENIED", details: [info] });
  return { ...answer, headers: { ...answer.headers, "WWW-Authenticate": 'Bearer error="insufficient_scope"' } };
}

export const usageLimit = (code: number, reason: string, message: string): Answer =>
  driveAnswer(code, reason, message, { domain: "usageLimits" });
