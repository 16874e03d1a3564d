import { ProviderError, type ProviderErrorDetails, type ProviderErrorKind } from "../errors.ts";
import { ERROR_BYTES_MAX, readText, retryAfterSeconds } from "../http.ts";
import { jsonOf } from "../json.ts";

const TAGS_DEPTH_MAX = 5;

/** Tags that say more than the status, wherever in an error they stand. Summaries end in a random number of dots: they are not read. */
const KIND_OF_TAG: Record<string, ProviderErrorKind> = {
  expired_access_token: "auth",
  invalid_access_token: "auth",
  invalid_select_user: "auth",
  invalid_select_admin: "auth",
  missing_scope: "forbidden",
  user_suspended: "forbidden",
  route_access_denied: "forbidden",
  no_permission: "forbidden",
  // The root of a team's space is another one now: what there is to follow is to be asked for again.
  invalid_root: "not_found",
  reset: "cursor_expired",
  not_found: "not_found",
  restricted_content: "blocked",
  locked: "transient",
  retry_error: "transient",
  unsupported_content_type: "unsupported",
  unsupported_file: "unsupported",
  non_exportable: "unsupported",
  invalid_export_format: "unsupported",
  too_many_requests: "throttled",
  too_many_write_operations: "throttled",
};

const KIND_OF_STATUS: Record<number, ProviderErrorKind> = {
  401: "auth",
  403: "forbidden",
  404: "fatal",
  408: "transient",
  422: "forbidden",
  429: "throttled",
};

const WHY: Record<string, string> = {
  user_suspended: " The account is suspended.",
  no_permission: " This account may not look into that space.",
};

/** Dropbox's error, as one of ours. Reads the body: JSON with tags, or plain text where the request itself makes no sense. */
export async function toProviderError(response: Response, now: number): Promise<ProviderError> {
  const { status, headers } = response;
  const text = await readText(response, ERROR_BYTES_MAX).catch(() => "");
  const error = member(jsonOf(text), "error");
  const tags = tagsOf(error);
  const wait = retryAfterSeconds(headers, now) ?? secondsOf(member(error, "retry_after"));
  const details: ProviderErrorDetails = { status };
  const providerCode = tags.join("/");
  if (providerCode !== "") details.providerCode = providerCode;
  if (wait !== undefined) details.retryAfterSeconds = wait;
  const requestId = headers.get("x-dropbox-request-id");
  const named = `${status}${providerCode ? ` ${providerCode}` : ""}${requestId ? ` (request ${requestId})` : ""}`;
  return new ProviderError(kindOf(status, tags, text, wait), `Dropbox answered ${named}.${whyOf(error, tags)}`, details);
}

function kindOf(status: number, tags: readonly string[], text: string, wait: number | undefined): ProviderErrorKind {
  for (const tag of tags.toReversed()) {
    const kind = KIND_OF_TAG[tag];
    if (kind !== undefined) return kind;
  }
  // What cannot be read as a cursor at all is told in words.
  if (status === 400 && /\bcursor\b/i.test(text)) return "cursor_expired";
  // A busy service says when to come back; one that does not is broken.
  if (status === 503) return wait === undefined ? "transient" : "throttled";
  return KIND_OF_STATUS[status] ?? (status >= 500 ? "transient" : "fatal");
}

/** From the outermost to the one that says most. A limit of requests wraps its tag in a reason. */
function tagsOf(error: unknown): string[] {
  const tags: string[] = [];
  let at = member(error, "reason") ?? error;
  for (let depth = 0; depth < TAGS_DEPTH_MAX; depth++) {
    const tag = member(at, ".tag");
    if (typeof tag !== "string" || tag === "") break;
    tags.push(tag);
    at = member(at, tag);
  }
  return tags;
}

function whyOf(error: unknown, tags: readonly string[]): string {
  const scope = member(error, "required_scope");
  if (tags.includes("missing_scope")) {
    const named = typeof scope === "string" ? `“${scope.slice(0, 100)}”` : "it needs";
    return ` The connection lacks the permission ${named}: it has to be ticked for the app in Dropbox's App Console, and the account connected again.`;
  }
  return tags.flatMap((tag) => WHY[tag] ?? []).join("");
}

function secondsOf(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 ? Math.ceil(value) : undefined;
}

/** A member of what may not be an object. */
function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
