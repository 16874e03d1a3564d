import { ProviderError, type ProviderErrorDetails, type ProviderErrorKind } from "../errors.ts";
import { ERROR_BYTES_MAX, readText, retryAfterSeconds } from "../http.ts";
import type { ErrorBody } from "./api.ts";

/** A day's allowance is counted by the day: it is asked for again within the hour. */
const DAILY_WAIT_SECONDS = 3_600;

/** What the first reason of an error means; it says more than the status. */
const KIND_OF_REASON: Record<string, ProviderErrorKind> = {
  userRateLimitExceeded: "throttled",
  rateLimitExceeded: "throttled",
  dailyLimitExceeded: "throttled",
  quotaExceeded: "throttled",
  // Of one file, that too many have downloaded: others are served.
  downloadQuotaExceeded: "transient",
  backendError: "transient",
  internalError: "transient",
  insufficientPermissions: "auth",
  accessNotConfigured: "operator",
  domainPolicy: "forbidden",
  teamDriveMembershipRequired: "forbidden",
  cannotDownloadAbusiveFile: "blocked",
  cannotDownloadFile: "not_exportable",
  cannotExportFile: "not_exportable",
  fileNotDownloadable: "not_exportable",
  fileNotExportable: "not_exportable",
  exportSizeLimitExceeded: "not_exportable",
  download_restricted_for_revision: "not_exportable",
};

const KIND_OF_STATUS: Record<number, ProviderErrorKind> = {
  401: "auth",
  403: "forbidden",
  404: "not_found",
  405: "unsupported",
  408: "transient",
  429: "throttled",
};

const MESSAGES: Record<string, string> = {
  insufficientPermissions: "Google Drive may not be read: the box for it was left empty at the sign-in. Connect again, and tick it.",
  accessNotConfigured: "The Google Drive API is not switched on in the Google Cloud project.",
  domainPolicy: "The administrator of this Google Workspace does not let apps read Google Drive.",
  exportSizeLimitExceeded: "Google hands out this document only up to 10 MB, and in this format it is larger.",
};

/** Google Drive's error, as one of ours. Reads the body. */
export async function toProviderError(response: Response, now: number): Promise<ProviderError> {
  return driveError(response.status, response.headers, await readText(response, ERROR_BYTES_MAX).catch(() => ""), now);
}

function driveError(status: number, headers: Headers, text: string, now: number): ProviderError {
  const { error } = parse(text);
  const reason = error?.errors?.[0]?.reason ?? undefined;
  const location = error?.errors?.[0]?.location;
  const wait = retryAfterSeconds(headers, now) ?? (reason === "dailyLimitExceeded" ? DAILY_WAIT_SECONDS : undefined);
  const details: ProviderErrorDetails = { status };
  if (reason !== undefined) details.providerCode = reason;
  if (wait !== undefined) details.retryAfterSeconds = wait;
  const isPageToken = status === 400 && location === "pageToken";
  const kind = isPageToken ? "cursor_expired" : kindOf(status, reason);
  return new ProviderError(kind, MESSAGES[reason ?? ""] ?? `Google Drive answered ${status}${reason ? ` ${reason}` : ""}.`, details);
}

function kindOf(status: number, reason: string | undefined): ProviderErrorKind {
  const known = KIND_OF_REASON[reason ?? ""];
  if (known !== undefined) return known;
  // An address that Google will not notify, whatever the status says.
  if (reason?.startsWith("push.") === true) return "forbidden";
  return KIND_OF_STATUS[status] ?? (status >= 500 ? "transient" : "fatal");
}

/** Bodies can be HTML, or empty. */
function parse(text: string): ErrorBody {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null && typeof (body as ErrorBody).error === "object" ? body : {};
  } catch {
    return {};
  }
}
