import { ProviderError, type ProviderErrorDetails, type ProviderErrorKind } from "../errors.ts";
import { ERROR_BYTES_MAX, readText, retryAfterSeconds } from "../http.ts";
import type { ErrorBody } from "./api.ts";

const MESSAGE_CHARACTERS_MAX = 200;

const KIND_OF_STATUS: Record<number, ProviderErrorKind> = {
  401: "auth",
  403: "forbidden",
  404: "not_found",
  405: "unsupported",
  408: "transient",
  410: "unsupported",
  425: "transient",
  429: "throttled",
};

/** A refusal by the gateway, a site or a product, as one of ours. Reads the body. */
export async function toProviderError(response: Response, now: number): Promise<ProviderError> {
  const { status, headers } = response;
  const text = await readText(response, ERROR_BYTES_MAX).catch(() => "");
  const denied = deniedError(headers, status);
  if (denied) return denied;
  const said = messageOf(text);
  const wait = retryAfterSeconds(headers, now) ?? resetSeconds(headers, status, now);
  const details: ProviderErrorDetails = { status, ...(wait !== undefined && { retryAfterSeconds: wait }) };
  const reason = headers.get("RateLimit-Reason") ?? codeOf(text);
  if (reason !== undefined) details.providerCode = reason;
  if (status === 401 && /scope/i.test(said ?? "")) return scopeMissing(details);
  if (status === 401) return new ProviderError("auth", "Atlassian refuses access.", details);
  const kind = status === 503 && wait !== undefined ? "throttled" : (KIND_OF_STATUS[status] ?? (status >= 500 ? "transient" : "fatal"));
  const words = said === undefined ? "" : `: ${said.slice(0, MESSAGE_CHARACTERS_MAX)}`;
  return new ProviderError(kind, `Atlassian answered ${status}${words}`.replace(/[.\s]*$/, "."), details);
}

/**
 * What an answer's headers say of a password or an API token that was not taken. Some are answered all the same, as to somebody who is
 * not signed in: what is missing there is not gone.
 */
export function deniedError(headers: Headers, status: number): ProviderError | null {
  const reason = headers.get("X-Seraph-LoginReason") ?? "";
  if (reason.includes("AUTHENTICATION_DENIED"))
    return new ProviderError(
      "auth",
      "Atlassian asks this person to prove that they are one. Sign in at the site with a browser, then try again.",
      {
        status,
        providerCode: "AUTHENTICATION_DENIED",
      },
    );
  if (reason.includes("AUTHENTICATED_FAILED") || headers.get("X-Failure-Category")?.startsWith("FAILURE_CLIENT_AUTH") === true)
    return new ProviderError("auth", "Atlassian refuses this e-mail address and API token.", {
      status,
      providerCode: "AUTHENTICATED_FAILED",
    });
  return null;
}

function scopeMissing(details: ProviderErrorDetails): ProviderError {
  const advice = "A permission is missing that this source needs now. Connect it again, and allow all that is asked for.";
  return new ProviderError("auth", `Atlassian refuses access: a scope is missing. ${advice}`, {
    ...details,
    providerCode: "scope_mismatch",
    advice,
  });
}

/** A used-up quota tells when it is renewed, as a date. */
function resetSeconds(headers: Headers, status: number, now: number): number | undefined {
  const reset = status === 429 ? Date.parse(headers.get("X-RateLimit-Reset") ?? "") : Number.NaN;
  return Number.isNaN(reset) ? undefined : Math.max(1, Math.ceil((reset - now) / 1000));
}

function messageOf(text: string): string | undefined {
  const { message, errors, errorMessages } = parse(text);
  const [first] = Array.isArray(errors) ? errors : [];
  const told = message ?? errorMessages?.[0] ?? first?.title;
  return typeof told === "string" && told !== "" ? told : undefined;
}

function codeOf(text: string): string | undefined {
  const { errors } = parse(text);
  const code = Array.isArray(errors) ? errors[0]?.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** Bodies can be HTML, plain text, or empty. */
function parse(text: string): ErrorBody {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as ErrorBody) : {};
  } catch {
    return {};
  }
}
