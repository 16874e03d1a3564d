import { randomBytes } from "node:crypto";
import { Refusal, type Answer } from "../answers.ts";

type Tagged = { ".tag": string; [field: string]: unknown };

/** An error with a tag, its summary ending as unpredictably as the service's. */
export function errorAnswer(status: number, error: Tagged, headers: Record<string, string> = {}): Answer {
  const dots = ".".repeat(randomBytes(1).readUInt8(0) % 4);
  return {
    status,
    headers: { "Content-Type": "application/json", ...headers },
    body: { error_summary: `${summaryOf(error)}/${dots}`, error },
  };
}

/** A request that makes no sense is told in words. */
export function badRequest(route: string, problem: string): Refusal {
  return new Refusal(textAnswer(400, `Error in call to API function "${route}": ${problem}`));
}

export function textAnswer(status: number, text: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: { "Content-Type": "text/plain; charset=utf-8", ...headers }, body: text };
}

/** What is wrong with a path: 409 with a LookupError. */
export const pathError = (tag: string): Answer => errorAnswer(409, { ".tag": "path", path: { ".tag": tag } });

export function rateLimitAnswer(reason: string, retryAfter: number | undefined, told = retryAfter): Answer {
  return {
    status: 429,
    headers: { "Content-Type": "application/json", ...(retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) }) },
    body: { error_summary: `${reason}/..`, error: { reason: { ".tag": reason }, ...(told === undefined ? {} : { retry_after: told }) } },
  };
}

function summaryOf(error: Tagged): string {
  const inner = error[error[".tag"]];
  const more = typeof inner === "object" && inner !== null && ".tag" in inner ? summaryOf(inner as Tagged) : undefined;
  return more === undefined ? error[".tag"] : `${error[".tag"]}/${more}`;
}
