import { ProviderError, type ProviderErrorDetails, type ProviderErrorKind } from "../errors.ts";

// What imapflow throws, as one of ours. No I/O.

/** A server that has had enough names no time. */
const LIMIT_WAIT_SECONDS = 120;
/** An allowance of bytes is counted by the day. */
const OVER_QUOTA_WAIT_SECONDS = 3_600;
const TEXT_CHARACTERS_MAX = 300;

/** As far as it is used; everything may be missing. */
interface ImapFailure {
  code?: string;
  message?: string;
  /** What the server said: parsed, or, of a sign-in, as text. */
  response?: unknown;
  responseText?: string;
  responseStatus?: string;
  serverResponseCode?: string;
  authenticationFailed?: boolean;
  tlsFailed?: boolean;
  throttleReset?: number;
  /** What a BYE gave as its reason. */
  reason?: string;
}

/** RFC 5530's codes, and those that others have added. */
const KIND_OF_CODE: Record<string, ProviderErrorKind> = {
  AUTHENTICATIONFAILED: "auth",
  AUTHORIZATIONFAILED: "auth",
  EXPIRED: "auth",
  WEBALERT: "auth",
  CONTACTADMIN: "auth",
  PRIVACYREQUIRED: "unsupported",
  UNAVAILABLE: "transient",
  SERVERBUG: "transient",
  CORRUPTION: "transient",
  EXPUNGEISSUED: "transient",
  INUSE: "throttled",
  LIMIT: "throttled",
  THROTTLED: "throttled",
  OVERQUOTA: "throttled",
  NONEXISTENT: "not_found",
  TRYCREATE: "not_found",
  NOPERM: "forbidden",
};

/** What a person can do about it, where the server's own words may not say. */
const ADVICE: Record<string, string> = {
  AUTHENTICATIONFAILED: "The server refuses this user name and password. Where it has two-step sign-in, it wants an app password.",
  AUTHORIZATIONFAILED: "The password is right, but this account may not be read by IMAP. It may have to be switched on at the provider.",
  EXPIRED: "The password has expired. Choose a new one at the provider, and connect again.",
  WEBALERT: "The provider wants you to sign in with a browser first.",
  CONTACTADMIN: "The server refuses the sign-in, and refers to its administrator.",
  PRIVACYREQUIRED: "The server wants an encrypted connection: set the encryption to “tls” or “starttls”.",
};

/** Servers that have too many connections of ours say so in many ways, most without a code. */
const TOO_MANY = /too many|maximum number of connections|connection limit|rate.?limit|throttl|bandwidth limit/i;

/** `host`: whom it is about. */
export function toProviderError(error: unknown, host: string): ProviderError {
  if (error instanceof ProviderError) return error;
  const failure = (typeof error === "object" && error !== null ? error : {}) as ImapFailure;
  const said = textOf(failure);
  const code = codeOf(failure, said);
  const details: ProviderErrorDetails = { ...(code !== undefined && { providerCode: code }), cause: error };
  const kind = kindOf(failure, code, said);
  if (kind === "throttled") details.retryAfterSeconds = waitSeconds(failure, code);
  return new ProviderError(kind, messageOf(failure, kind, code, said, host), details);
}

/** The connection itself could not be made: the runtime does not say why. */
export function isUnreachable(error: unknown): boolean {
  const { code, authenticationFailed, responseStatus, tlsFailed, reason } = (error ?? {}) as ImapFailure;
  if (authenticationFailed === true || responseStatus !== undefined || reason !== undefined) return false;
  return tlsFailed === true || code === undefined || !/^(NoConnection|EConnectionClosed|ETHROTTLE)$/.test(code);
}

function kindOf(failure: ImapFailure, code: string | undefined, said: string): ProviderErrorKind {
  const known = code === undefined ? undefined : KIND_OF_CODE[code];
  if (failure.code === "ETHROTTLE") return "throttled";
  if (TOO_MANY.test(said) && known !== "auth") return "throttled";
  if (known !== undefined) return known;
  if (/^Login is disabled$|^Server does not support STARTTLS$/.test(failure.message ?? "")) return "unsupported";
  if (/Unsupported authentication mechanism/.test(failure.message ?? "")) return "unsupported";
  if (failure.authenticationFailed === true) return "auth";
  if (failure.responseStatus === "BAD") return "fatal";
  return "transient";
}

function waitSeconds({ throttleReset }: ImapFailure, code: string | undefined): number {
  if (typeof throttleReset === "number") return Math.ceil(throttleReset / 1000);
  return code === "OVERQUOTA" ? OVER_QUOTA_WAIT_SECONDS : LIMIT_WAIT_SECONDS;
}

function messageOf(failure: ImapFailure, kind: ProviderErrorKind, code: string | undefined, said: string, host: string): string {
  const quoted = said === "" ? "" : ` It says: ${said}`;
  const advice = ADVICE[code ?? ""];
  if (advice !== undefined) return advice + quoted;
  if (kind === "throttled") return `${host} has had enough of us for now.${quoted}`;
  if (kind === "auth") return `${ADVICE["AUTHENTICATIONFAILED"]}${quoted}`;
  if (kind === "unsupported" && /STARTTLS/.test(failure.message ?? ""))
    return `${host} has no encryption to offer at this port. Port 993 mostly has.`;
  if (kind === "unsupported") return `${host} takes no password here.${quoted}`;
  if (failure.responseStatus !== undefined) return `${host} answered ${failure.responseStatus}${code ? ` [${code}]` : ""}.${quoted}`;
  return `The connection to ${host} broke.${quoted}`;
}

function codeOf({ serverResponseCode, response }: ImapFailure, said: string): string | undefined {
  if (serverResponseCode !== undefined && serverResponseCode !== "") return serverResponseCode.toUpperCase();
  const section = (response as { attributes?: { section?: { value?: unknown }[] }[] } | null)?.attributes?.[0]?.section?.[0]?.value;
  if (typeof section === "string") return section.toUpperCase();
  return /\[([A-Z]+)\]/.exec(said)?.[1];
}

/** The server's words, short, and without what would break a line. */
function textOf({ responseText, response, reason }: ImapFailure): string {
  const text = responseText ?? (typeof response === "string" ? response : (reason ?? ""));
  // A sign-in's answer comes with its tag and status before it.
  return text
    .replace(/\p{Cc}+/gu, " ")
    .replace(/^\S+ (?:NO|BAD) /, "")
    .trim()
    .slice(0, TEXT_CHARACTERS_MAX);
}
