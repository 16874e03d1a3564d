import {
  AuthorizationResponseError,
  OperationProcessingError,
  ResponseBodyError,
  UnsupportedOperationError,
  WWWAuthenticateChallengeError,
} from "oauth4webapi";
import { ASK_CONSENT_AGAIN, SignInProblem, TRY_AGAIN } from "./problem.ts";

// What an error of Microsoft's identity platform means to the person who signs in. `error` decides where it can; the
// AADSTS numbers tell apart what it lumps together.

const DESCRIPTION_CHARACTERS_MAX = 300;
const ADMIN_CONSENT = new Set([90094, 90095]);
const CONSENT_MISSING = new Set([65001, 65004]);
const STEP_NEEDED = new Set([50072, 50074, 50076, 50078, 50079, 50158, 53000, 53001, 53002, 53003, 53004, 530032]);
const TENANT_BLOCKS = new Set([50057, 50034, 51004, 50020, 50105, 700016, 70001, 7000112, 65005]);
const OPERATOR_ERRORS = new Set(["invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_response_type"]);

interface AuthorityError {
  error: string;
  description: string;
  cause: unknown;
}

/** Any failure of a sign-in at Microsoft, as what the person is told. `adminConsentUrl` is offered where an administrator must agree. */
export function toSignInProblem(error: unknown, adminConsentUrl: string): SignInProblem {
  if (error instanceof SignInProblem) return error;
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) {
    return explain({ error: error.error, description: error.error_description ?? "", cause: error }, adminConsentUrl);
  }
  // A challenge instead of a body is how a client's bad secret may be answered.
  if (error instanceof WWWAuthenticateChallengeError) {
    return explain({ error: "invalid_client", description: "", cause: error }, adminConsentUrl);
  }
  if ((error instanceof OperationProcessingError && !isBrokenAnswer(error)) || error instanceof UnsupportedOperationError) {
    const message =
      "Microsoft's answer did not prove who you are, so nobody was signed in. This can happen when a sign-in is mixed up with another one.";
    return new SignInProblem("auth.token_rejected", message, TRY_AGAIN, { cause: error });
  }
  const message = "Microsoft's sign-in service could not be reached, or did not answer as it should.";
  return new SignInProblem("auth.authority_failed", message, TRY_AGAIN, { cause: error });
}

function explain(told: AuthorityError, adminConsentUrl: string): SignInProblem {
  const { error, description } = told;
  // For the operator's log: the code and its number, in Microsoft's words.
  const cause = new Error(`${error}: ${firstSentence(description)}`, { cause: told.cause });
  const numbers = [...description.matchAll(/AADSTS(\d+)/g)].map((match) => Number(match[1]));
  const some = (codes: ReadonlySet<number>) => numbers.some((number) => codes.has(number));

  if (some(ADMIN_CONSENT) || (error === "access_denied" && /\badmin/i.test(description))) {
    const message =
      "Your organisation lets only an administrator allow this app. Send the link below to one, and sign in again once they have agreed.";
    return new SignInProblem(
      "auth.admin_consent_required",
      message,
      { label: "Administrator's consent page", href: adminConsentUrl },
      { cause },
    );
  }
  if (error === "access_denied" || error === "consent_required" || some(CONSENT_MISSING)) {
    const message = "Tidemark was not allowed to read your files, so there is nothing it can keep. It only ever reads.";
    return new SignInProblem("auth.consent_declined", message, ASK_CONSENT_AGAIN, { cause });
  }
  if (some(TENANT_BLOCKS)) {
    const message = `Your organisation does not let this account in here. Microsoft says: ${firstSentence(description)}`;
    return new SignInProblem("auth.token_rejected", message, TRY_AGAIN, { cause });
  }
  if (error === "interaction_required" || error === "login_required" || some(STEP_NEEDED)) {
    return new SignInProblem("auth.code_expired", "Microsoft wants one more step from you, such as a second factor.", TRY_AGAIN, { cause });
  }
  if (error === "invalid_grant") {
    const message = "This sign-in took too long, or was already used. A sign-in is good for a few minutes, and once.";
    return new SignInProblem("auth.code_expired", message, TRY_AGAIN, { cause });
  }
  if (OPERATOR_ERRORS.has(error)) {
    const message =
      "This Tidemark's registration with Microsoft does not work. That is for its operator to repair, not for you; the log says more.";
    return new SignInProblem("auth.not_configured", message, TRY_AGAIN, { cause });
  }
  const message = "Microsoft's sign-in service has a problem of its own. It usually passes.";
  return new SignInProblem("auth.authority_failed", message, TRY_AGAIN, { cause });
}

/** An answer that is not the protocol at all, such as a gateway's error page, rather than a token that fails a check. */
function isBrokenAnswer(error: OperationProcessingError): boolean {
  return (
    error.code === "OAUTH_RESPONSE_IS_NOT_CONFORM" || error.code === "OAUTH_RESPONSE_IS_NOT_JSON" || error.code === "OAUTH_PARSE_ERROR"
  );
}

function firstSentence(description: string): string {
  return (description.split(/[\r\n]/)[0] ?? "").slice(0, DESCRIPTION_CHARACTERS_MAX);
}
