import type { ErrorCode } from "../errors.ts";
import { AppError } from "../errors.ts";
import type { Flow } from "./flow.ts";
import { DEFAULT_PATH } from "./return-to.ts";

/** A sign-in that ended badly: the message says what happened, the action what to do about it. */
export class SignInProblem extends AppError {
  readonly action: SignInAction;
  /** The flow that it ended, where one is known. */
  flow: Flow | undefined;

  constructor(code: ErrorCode, message: string, action: SignInAction = TRY_AGAIN, options?: ErrorOptions) {
    super(code, message, options);
    this.action = action;
  }
}

/** A link, or something whose address depends on what was going on. */
export type SignInAction = Link | { label: string; go: "again" | "consent" | "sign-in" };

export interface Link {
  label: string;
  href: string;
}

export const TRY_AGAIN: SignInAction = { label: "Try again", go: "again" };
export const ASK_CONSENT_AGAIN: SignInAction = { label: "Try again", go: "consent" };
export const OPEN_TIDEMARK: Link = { label: "Open Tidemark", href: DEFAULT_PATH };

/** An id token, or its absence, that nobody is signed in by. `reason` is for the log. */
export function tokenRejected(authority: string, reason: string, cause?: unknown): SignInProblem {
  const message = `${authority}'s answer did not prove who you are, so nobody was signed in.`;
  return new SignInProblem("auth.token_rejected", message, TRY_AGAIN, { cause: new Error(reason, { cause }) });
}
