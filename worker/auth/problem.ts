import type { ErrorCode } from "../errors.ts";
import { AppError } from "../errors.ts";

/** A sign-in that ended badly: the message says what happened, the action what to do about it. */
export class SignInProblem extends AppError {
  readonly action: SignInAction;

  constructor(code: ErrorCode, message: string, action: SignInAction = TRY_AGAIN, options?: ErrorOptions) {
    super(code, message, options);
    this.action = action;
  }
}

export interface SignInAction {
  label: string;
  href: string;
}

export const TRY_AGAIN: SignInAction = { label: "Try again", href: "/auth/microsoft/login" };
export const ASK_CONSENT_AGAIN: SignInAction = { label: "Try again", href: "/auth/microsoft/login?prompt=consent" };
export const OPEN_TIDEMARK: SignInAction = { label: "Open Tidemark", href: "/app" };
