import { ProviderError, type ProviderErrorDetails, type ProviderErrorKind } from "../errors.ts";
import { ERROR_BYTES_MAX, readText, retryAfterSeconds } from "../http.ts";
import { NAMES } from "./api.ts";
import { parseXml } from "./xml.ts";

/** Nextcloud's throttle against guessed passwords names no time: its window is half an hour. */
const BRUTE_FORCE_WAIT_SECONDS = 30 * 60;
const MESSAGE_CHARACTERS_MAX = 200;

const KIND_OF_STATUS: Record<number, ProviderErrorKind> = {
  401: "auth",
  403: "forbidden",
  404: "not_found",
  405: "unsupported",
  408: "transient",
  410: "not_found",
  412: "transient",
  423: "transient",
  425: "transient",
  429: "throttled",
  501: "unsupported",
  509: "throttled",
};

/** A server's refusal, as one of ours. Reads the body. */
export async function toProviderError(response: Response, now: number): Promise<ProviderError> {
  const { status, headers } = response;
  const told = sabreError(await readText(response, ERROR_BYTES_MAX).catch(() => ""));
  const wait = retryAfterSeconds(headers, now) ?? (status === 429 ? BRUTE_FORCE_WAIT_SECONDS : undefined);
  const details: ProviderErrorDetails = {
    status,
    ...(told?.exception !== undefined && { providerCode: told.exception }),
    ...(wait !== undefined && { retryAfterSeconds: wait }),
  };
  if (status === 401) return new ProviderError("auth", refusedMessage(headers.get("WWW-Authenticate")), details);
  if (isMaintenance(status, headers, told?.message)) {
    return new ProviderError("transient", "The server is in maintenance mode. It is asked again when that is over.", details);
  }
  const said = told?.message === undefined ? "" : `: ${told.message.slice(0, MESSAGE_CHARACTERS_MAX)}`;
  return new ProviderError(kindOf(status, wait), `The server answered ${status}${said}`.replace(/[.\s]*$/, "."), details);
}

/** A busy server says when to come back; one that does not is broken. */
function kindOf(status: number, wait: number | undefined): ProviderErrorKind {
  if (status === 503) return wait === undefined ? "transient" : "throttled";
  return KIND_OF_STATUS[status] ?? (status >= 500 ? "transient" : "fatal");
}

function isMaintenance(status: number, headers: Headers, message = ""): boolean {
  return status === 503 && (headers.get("X-Nextcloud-Maintenance-Mode") === "1" || /maintenance mode/i.test(message));
}

function refusedMessage(challenge: string | null): string {
  const offered = (challenge ?? "").toLowerCase();
  if (challenge !== null && !offered.includes("basic") && /\b(digest|bearer|negotiate|ntlm)\b/.test(offered)) {
    return `The server does not take a name and a password sent plainly (Basic), only ${challenge.split(/\s/, 1)[0] ?? ""}.`;
  }
  return "The server refuses this user name and password. Accounts with two factors need an app password.";
}

/** What Sabre, the library below Nextcloud and ownCloud, says of an error; undefined where it is another's. */
function sabreError(text: string): { exception?: string; message?: string } | undefined {
  if (!text.includes("<")) return undefined;
  try {
    const texts = new Map(parseXml(text).children.map((child) => [child.name, child.text]));
    const exception = texts.get(NAMES.exception);
    const message = texts.get(NAMES.message);
    return { ...(exception && { exception }), ...(message && { message }) };
  } catch {
    return undefined;
  }
}
