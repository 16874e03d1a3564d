import { randomUUID } from "node:crypto";

/** An error of the identity platform: `error` is the protocol's word, `code` the AADSTS number. */
export type IdentityError = { error: string; code: number; text: string; status?: number; suberror?: string; claims?: string };

const timestamp = (now: number): string => new Date(now).toISOString().replace("T", " ").slice(0, 19) + "Z";

export function errorDescription(problem: IdentityError, now: number): { description: string; trace: string; correlation: string } {
  const trace = randomUUID();
  const correlation = randomUUID();
  const lines = [
    `AADSTS${problem.code}: ${problem.text}`,
    `Trace ID: ${trace}`,
    `Correlation ID: ${correlation}`,
    `Timestamp: ${timestamp(now)}`,
  ];
  return { description: lines.join(" "), trace, correlation };
}

/** The token endpoint's answer to what it refuses. */
export function tokenError(problem: IdentityError, now: number): Response {
  const { description, trace, correlation } = errorDescription(problem, now);
  const body = {
    error: problem.error,
    error_description: description,
    error_codes: [problem.code],
    timestamp: timestamp(now),
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${problem.code}`,
    ...(problem.suberror === undefined ? {} : { suberror: problem.suberror }),
    ...(problem.claims === undefined ? {} : { claims: problem.claims }),
  };
  const status = problem.status ?? (problem.error === "invalid_client" ? 401 : 400);
  return Response.json(body, { status, headers: { "Cache-Control": "no-store, no-cache", Pragma: "no-cache", "x-ms-request-id": trace } });
}

export const INTERACTION_CLAIMS = JSON.stringify({
  access_token: { capolids: { essential: true, values: ["a4b8e4c7-5f2b-4d4e-9a5a-0c1e7c1d2b11"] } },
});
