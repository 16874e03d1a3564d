import { ProviderError, type ProviderErrorDetails, type ProviderErrorKind } from "../errors.ts";
import { ERROR_BYTES_MAX, readText, retryAfterSeconds } from "../http.ts";

const MESSAGE_CHARACTERS_MAX = 200;

/** What an error's code means, where it says more than the status. */
const KIND_OF_CODE: Record<string, ProviderErrorKind> = {
  "AUTH-001": "operator",
  "AUTH-003": "operator",
  "AUTH-006": "auth",
  "AUTH-010": "forbidden",
  TOO_MANY_REQUESTS: "throttled",
};

const KIND_OF_STATUS: Record<number, ProviderErrorKind> = {
  401: "auth",
  403: "forbidden",
  404: "not_found",
  405: "unsupported",
  408: "transient",
  409: "transient",
  423: "transient",
  429: "throttled",
};

const NOT_LET_IN =
  "Autodesk shows no account to this app: an administrator of the account has to add its client ID under Account Admin, Settings, Custom integrations.";

const MESSAGES: Record<string, string> = {
  "AUTH-010": "The connection lacks a permission that this needs.",
  BIM360DM_ERROR: NOT_LET_IN,
  USER_NOT_AUTHENTICATED: "Autodesk answers this to signed-in people only, and not to an app that speaks for itself.",
};

/** Autodesk's error, as one of ours. Reads the body: JSON:API's, the gateway's, the object storage's, or a page of HTML. */
export async function toProviderError(response: Response, now: number): Promise<ProviderError> {
  const { status, headers } = response;
  const { code, text } = toldBy(await readText(response, ERROR_BYTES_MAX).catch(() => ""));
  const wait = retryAfterSeconds(headers, now);
  const details: ProviderErrorDetails = {
    status,
    ...(code !== undefined && { providerCode: code }),
    ...(wait !== undefined && { retryAfterSeconds: wait }),
  };
  const said = text === undefined ? "" : `: ${text.slice(0, MESSAGE_CHARACTERS_MAX)}`;
  const message = MESSAGES[code ?? ""] ?? `Autodesk answered ${status}${code ? ` ${code}` : ""}${said}`.replace(/[.\s]*$/, ".");
  return new ProviderError(kindOf(status, code, wait), message, details);
}

/** No account is shown, though nothing was refused: what a person without one, or an app before it is let in, is answered. */
export const nothingShown = (): ProviderError => new ProviderError("forbidden", NOT_LET_IN);

function kindOf(status: number, code: string | undefined, wait: number | undefined): ProviderErrorKind {
  const known = status === 429 ? "throttled" : KIND_OF_CODE[code ?? ""];
  if (known !== undefined) return known;
  // A busy service says when to come back; one that does not is broken.
  if (status === 503) return wait === undefined ? "transient" : "throttled";
  return KIND_OF_STATUS[status] ?? (status >= 500 ? "transient" : "fatal");
}

function toldBy(text: string): { code?: string; text?: string } {
  const body = parse(text);
  const [error] = Array.isArray(body["errors"]) ? (body["errors"] as unknown[]) : [];
  const { code, detail } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const named = code ?? body["errorCode"];
  const said = detail ?? body["developerMessage"] ?? body["reason"];
  return {
    ...(typeof named === "string" && named !== "" && { code: named }),
    ...(typeof said === "string" && said !== "" && { text: said }),
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
