import { Refusal, type Answer } from "../answers.ts";

/** A refusal by the gateway, before any product is asked. */
export function gatewayAnswer(code: number, message: string, headers: Record<string, string> = {}): Answer {
  return { status: code, headers: { "Content-Type": "application/json", ...headers }, body: { code, message } };
}

export const gatewayRefusal = (code: number, message: string): Refusal => new Refusal(gatewayAnswer(code, message));

export const SCOPE_MISMATCH = "Unauthorized; scope does not match";

export type RateLimit = {
  reason:
    | "jira-quota-global-based"
    | "jira-quota-tenant-based"
    | "jira-burst-based"
    | "jira-per-issue-on-write"
    | "confluence-quota-global-based";
  /** Absent: it names no time. */
  retryAfter?: number;
  now?: number;
};

/** Too many requests; of a quota it is told when it is renewed. */
export function rateLimitAnswer({ reason, retryAfter, now = Date.now() }: RateLimit): Answer {
  const isQuota = reason.includes("quota");
  return {
    status: 429,
    headers: {
      "Content-Type": "application/json",
      "RateLimit-Reason": reason,
      "X-RateLimit-Limit": isQuota ? "65000" : "100",
      "X-RateLimit-Remaining": "0",
      "X-RateLimit-Reset": new Date(now + (retryAfter ?? 1) * 1000).toISOString(),
      ...(retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) }),
    },
    body: { code: 429, message: "Rate limit exceeded" },
  };
}
