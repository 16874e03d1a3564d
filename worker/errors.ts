import type { ContentfulStatusCode } from "hono/utils/http-status";

/** Every error an answer can carry: `area.reason` and its HTTP status. */
export const ERROR_STATUS = {
  "request.invalid": 400,
  "request.body_too_large": 413,
  "request.not_found": 404,
  "request.rate_limited": 429,
  "auth.required": 401,
  "auth.foreign_origin": 403,
  "auth.not_configured": 503,
  "auth.state_unknown": 400,
  "auth.consent_declined": 403,
  "auth.admin_consent_required": 403,
  "auth.code_expired": 400,
  "auth.token_rejected": 400,
  "auth.authority_failed": 502,
  "auth.sign_up_closed": 403,
  "auth.identity_taken": 409,
  "auth.token_invalid": 401,
  "auth.token_expired": 401,
  "auth.scope_missing": 403,
  "auth.session_required": 403,
  "auth.admin_required": 403,
  "user.not_found": 404,
  "session.not_found": 404,
  "identity.not_found": 404,
  "identity.last": 409,
  "account.not_confirmed": 422,
  "account.being_erased": 410,
  "token.not_found": 404,
  "token.too_many": 409,
  "connection.not_found": 404,
  "connection.other_account": 409,
  "connection.unsupported": 422,
  "connection.refused": 422,
  "connection.not_active": 409,
  "connection.in_use": 409,
  "provider.failed": 502,
  "sync.not_found": 404,
  "sync.not_active": 409,
  "sync.exists": 409,
  "preview.no_metadata": 409,
  "preview.too_large": 422,
  "sync.nothing_to_confirm": 409,
  "run.not_found": 404,
  "run.none_active": 409,
  "run.no_receipt": 404,
  "run.nothing_held": 409,
  "item.not_found": 404,
  "changes.cursor_expired": 410,
  "rebuild.not_empty": 409,
  "dav.read_only": 405,
  "item.not_stored": 409,
  "item.not_removed": 409,
  "item.excluded": 409,
  "item.not_failed": 409,
  "item.no_preview": 415,
  "item.too_many_to_sort": 422,
  "item.range_unsatisfiable": 416,
  "zip.nothing_stored": 409,
  "zip.too_large": 422,
  "version.not_found": 404,
  "version.damaged": 409,
  "quota.syncs": 409,
  "webhook.unsigned": 403,
  "webhook.not_found": 404,
  "webhook.too_many": 409,
  "webhook.disabled": 409,
  "webhook.refused": 422,
  "delivery.not_found": 404,
  "mail.not_available": 409,
  "mail.link_expired": 410,
  "events.upgrade_failed": 503,
  "server.unexpected": 500,
} as const satisfies Record<string, ContentfulStatusCode>;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** An expected failure: what the caller is told. The cause stays in the log. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: ContentfulStatusCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
    this.status = ERROR_STATUS[code];
  }
}

/** An outcome that crosses RPC as data: error classes do not survive the way. */
export type Result<T> = { ok: true; value: T } | { ok: false; code: ErrorCode; message: string };

export function success<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function failure(code: ErrorCode, message: string): Result<never> {
  return { ok: false, code, message };
}

/** The value of a result, or its error as an exception for `onError`. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new AppError(result.code, result.message);
}
