import type { FaultAnswer } from "./fault-answers.ts";

const BODILESS = new Set([204, 205, 304]);

/** An answer as data, as a Response. */
export function toResponse(answer: FaultAnswer): Response {
  if (BODILESS.has(answer.status)) return new Response(null, { status: answer.status, headers: answer.headers });
  const body = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
  return new Response(body, { status: answer.status, headers: answer.headers });
}
