/** What went wrong at a provider, in the terms that `sync/retry.ts` decides by. */
export type ProviderErrorKind =
  | "auth" // the person must sign in again
  | "throttled" // ask again after `retryAfterSeconds`
  | "transient" // a fault that passes
  | "not_found" // the item, or the drive, is not there
  | "cursor_expired" // enumerate again
  | "forbidden" // there, but not for us
  | "blocked" // malware or a policy: never served
  | "not_exportable" // there, but not to be had as a file that could be kept
  | "unsupported" // the source cannot do this
  | "expired_url" // a short-lived download address has run out
  | "operator" // our registration or secret is at fault; never the person's doing
  | "loop" // a list that leads round in circles
  | "fatal"; // an answer that makes no sense

export interface ProviderErrorDetails {
  status?: number;
  /** The provider's own code, for the log and the reason shown. */
  providerCode?: string;
  retryAfterSeconds?: number;
  /** Where an expired cursor's enumeration begins again, when the provider says so. */
  restartCursor?: string;
  /** Of `auth`: why the person must sign in again, where there is more to say than that. */
  advice?: string;
  cause?: unknown;
}

export class ProviderError extends Error {
  readonly kind: ProviderErrorKind;
  readonly status: number | undefined;
  readonly providerCode: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly restartCursor: string | undefined;
  readonly advice: string | undefined;

  constructor(kind: ProviderErrorKind, message: string, details: ProviderErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "ProviderError";
    this.kind = kind;
    this.status = details.status;
    this.providerCode = details.providerCode;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.restartCursor = details.restartCursor;
    this.advice = details.advice;
  }
}

/** Anything thrown below a provider, as a ProviderError: a broken connection is transient, the rest is ours. */
export function asProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError")) {
    return new ProviderError("transient", "The connection to the provider broke.", { cause: error });
  }
  return new ProviderError("fatal", error instanceof Error ? error.message : String(error), { cause: error });
}
