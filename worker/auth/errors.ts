import {
  AuthorizationResponseError,
  OperationProcessingError,
  ResponseBodyError,
  UnsupportedOperationError,
  WWWAuthenticateChallengeError,
} from "oauth4webapi";
import type { Authority, ToldError, Trouble } from "./authorities/authority.ts";
import type { SignInAction } from "./problem.ts";
import { ASK_CONSENT_AGAIN, SignInProblem, TRY_AGAIN } from "./problem.ts";

// What an error of a sign-in means to the person. Which trouble it is, the authority may know better than the RFC; the words are the
// same for all.

const DESCRIPTION_CHARACTERS_MAX = 300;
const OPERATOR_ERRORS = new Set(["invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_response_type"]);

interface SignInContext {
  /** Whether a source was being connected, and not only somebody signed in. */
  connecting: boolean;
  /** Where an administrator can allow the app, if there is such a place. */
  adminConsentUrl: string | undefined;
}

/** Any failure of a sign-in, as what the person is told. */
export function toSignInProblem(authority: Authority, error: unknown, context: SignInContext): SignInProblem {
  if (error instanceof SignInProblem) return error;
  const told = toldError(error);
  if (told) {
    // For the operator's log: the code and its number, in the authority's words.
    const cause = new Error(`${told.error}: ${firstSentence(told.description)}`, { cause: error });
    return problemOf(authority, authority.trouble?.(told) ?? troubleOf(told), firstSentence(told.description), context, cause);
  }
  if ((error instanceof OperationProcessingError && !isBrokenAnswer(error)) || error instanceof UnsupportedOperationError) {
    const message = `${authority.name}'s answer did not prove who you are, so nobody was signed in. This can happen when a sign-in is mixed up with another one.`;
    return new SignInProblem("auth.token_rejected", message, TRY_AGAIN, { cause: error });
  }
  const message = `${authority.name}'s sign-in service could not be reached, or did not answer as it should.`;
  return new SignInProblem("auth.authority_failed", message, TRY_AGAIN, { cause: error });
}

function toldError(error: unknown): ToldError | null {
  if (error instanceof AuthorizationResponseError) {
    return { where: "callback", error: error.error, description: error.error_description ?? "" };
  }
  if (error instanceof ResponseBodyError) return { where: "token", error: error.error, description: error.error_description ?? "" };
  // A challenge instead of a body is how a client's bad secret may be answered.
  return error instanceof WWWAuthenticateChallengeError ? { where: "token", error: "invalid_client", description: "" } : null;
}

/** What the RFCs say of an error. */
function troubleOf({ error }: ToldError): Trouble {
  if (error === "access_denied" || error === "consent_required") return "declined";
  if (error === "interaction_required" || error === "login_required") return "step_needed";
  if (error === "invalid_grant") return "used_up";
  return OPERATOR_ERRORS.has(error) ? "operator" : "outage";
}

function problemOf(
  { name }: Authority,
  trouble: Trouble,
  inTheirWords: string,
  { connecting, adminConsentUrl }: SignInContext,
  cause: Error,
): SignInProblem {
  const problem = (code: SignInProblem["code"], message: string, action: SignInAction = TRY_AGAIN) =>
    new SignInProblem(code, message, action, { cause });
  switch (trouble) {
    case "admin_consent": {
      const link = adminConsentUrl === undefined ? undefined : { label: "Administrator's consent page", href: adminConsentUrl };
      const how = link ? "Send the link below to one, and sign in again once they have agreed." : "Ask one, and sign in again then.";
      return problem("auth.admin_consent_required", `Your organisation lets only an administrator allow this app. ${how}`, link);
    }
    case "declined":
      return problem(
        "auth.consent_declined",
        connecting
          ? "Tidemark was not allowed to read your files, so there is nothing it can keep. It only ever reads."
          : `Tidemark was not allowed to know who you are, so it could not sign you in. Of ${name} it asks for nothing else.`,
        ASK_CONSENT_AGAIN,
      );
    case "organisation":
      return problem(
        "auth.token_rejected",
        `Your organisation does not let this account in here.${inTheirWords === "" ? "" : ` ${name} says: ${inTheirWords}`}`,
      );
    case "step_needed":
      return problem("auth.code_expired", `${name} wants one more step from you, such as a second factor.`);
    case "used_up":
      return problem(
        "auth.code_expired",
        "This sign-in took too long, or was already used. A sign-in is good for a few minutes, and once.",
      );
    case "operator":
      return problem(
        "auth.not_configured",
        `This Tidemark's registration with ${name} does not work. That is for its operator to repair, not for you; the log says more.`,
      );
    case "outage":
      return problem("auth.authority_failed", `${name}'s sign-in service has a problem of its own. It usually passes.`);
  }
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
