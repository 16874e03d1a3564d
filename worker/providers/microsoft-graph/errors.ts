import { ProviderError, type ProviderErrorDetails, type ProviderErrorKind } from "../errors.ts";
import { ERROR_BYTES_MAX, readText, retryAfterSeconds } from "../http.ts";
import { jsonOf } from "../json.ts";

/** A drive that has served its bandwidth names no time; its allowance is counted by the hour. */
const BANDWIDTH_WAIT_SECONDS = 3_600;
const CODES_DEPTH_MAX = 5;

/** Codes that say more than the status. Lower case: the services disagree about theirs. */
const KIND_OF_CODE: Record<string, ProviderErrorKind> = {
  malwaredetected: "blocked",
  virussuspicious: "blocked",
  resyncrequired: "cursor_expired",
  resyncchangesapplydifferences: "cursor_expired",
  resyncchangesuploaddifferences: "cursor_expired",
  resyncapplydifferences: "cursor_expired",
  resyncuploaddifferences: "cursor_expired",
  syncstatenotfound: "cursor_expired",
  activitylimitreached: "throttled",
  toomanyrequests: "throttled",
  throttledrequest: "throttled",
  notsupported: "unsupported",
  resourcelocked: "transient",
};

const KIND_OF_STATUS: Record<number, ProviderErrorKind> = {
  401: "auth",
  403: "forbidden",
  404: "not_found",
  405: "unsupported",
  408: "transient",
  410: "cursor_expired",
  412: "transient",
  422: "transient",
  423: "transient",
  429: "throttled",
  501: "unsupported",
  507: "fatal",
  509: "throttled",
};

/** A site that an administrator has locked or archived. The same status, with another code, is a file that is checked out. */
const SITE_LOCKED = { status: 423, code: "notallowed" } as const;

/** Graph's error, as one of ours. Reads the body. */
export async function toProviderError(response: Response, now: number): Promise<ProviderError> {
  const text = await readText(response, ERROR_BYTES_MAX).catch(() => "");
  return graphError(response.status, response.headers, jsonOf(text), now);
}

/** The same, of an answer whose body is already known: one of a batch. */
export function graphError(status: number, headers: Headers, body: unknown, now: number): ProviderError {
  const codes = codesOf(body);
  const providerCode = codes[0];
  const wait = retryAfterSeconds(headers, now) ?? (status === 509 ? BANDWIDTH_WAIT_SECONDS : undefined);
  const details: ProviderErrorDetails = { status };
  if (providerCode !== undefined) details.providerCode = providerCode;
  if (wait !== undefined) details.retryAfterSeconds = wait;
  const requestId = headers.get("request-id");
  const words = isSiteLocked(status, codes) ? "An administrator has locked or archived this site. " : "";
  const message = `${words}Microsoft Graph answered ${status}${providerCode ? ` ${providerCode}` : ""}${requestId ? ` (request ${requestId})` : ""}.`;
  return new ProviderError(kindOf(status, headers, codes, messageOf(body), wait), message, details);
}

function kindOf(status: number, headers: Headers, codes: string[], message: string, wait: number | undefined): ProviderErrorKind {
  if (headers.has("X-Virus-Infected")) return "blocked";
  const challenge = headers.get("WWW-Authenticate") ?? "";
  if (status === 403 && challenge.includes("insufficient_claims")) return "auth";
  if (isSiteLocked(status, codes)) return "forbidden";
  // The sign-in service's own trouble, in the clothes of a refusal.
  if (status === 401 && (challenge.includes("expired_token") || message.includes("Unable to initialize RPS"))) return "transient";
  for (const code of codes) {
    const kind = KIND_OF_CODE[code.toLowerCase()];
    if (kind !== undefined) return kind;
  }
  // No code tells a locked vault, or a drive that exists in name only.
  if (status === 400 && message.includes("ObjectHandle is Invalid")) return "unsupported";
  // A busy service says when to come back; one that does not is broken.
  if (status === 503) return wait === undefined ? "transient" : "throttled";
  return KIND_OF_STATUS[status] ?? (status >= 500 ? "transient" : "fatal");
}

function isSiteLocked(status: number, codes: readonly string[]): boolean {
  return status === SITE_LOCKED.status && codes.some((code) => code.toLowerCase() === SITE_LOCKED.code);
}

/** The codes of an error and of those nested in it, the most specific first. */
function codesOf(body: unknown): string[] {
  const codes: string[] = [];
  let at = member(body, "error");
  for (let depth = 0; depth < CODES_DEPTH_MAX && at !== undefined; depth++) {
    const code = member(at, "code");
    if (typeof code === "string" && code !== "") codes.unshift(code);
    at = member(at, "innerError") ?? member(at, "innererror");
  }
  return codes;
}

function messageOf(body: unknown): string {
  const message = member(member(body, "error"), "message");
  return typeof message === "string" ? message : "";
}

/** The message of an error body: Graph hides the id of an existing subscription in it. */
export async function readErrorMessage(response: Response): Promise<string> {
  return messageOf(jsonOf(await readText(response, ERROR_BYTES_MAX)));
}

/** A member of what may not be an object. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Bodies can be HTML, or empty. */
