import { randomBytes } from "node:crypto";
import type { Finding } from "./finding.ts";
import { good, problem, unknown } from "./finding.ts";
import { loadProduct } from "./product.ts";
import type { Settings } from "./settings.ts";

// What Microsoft says about the registration, as far as it can be asked without a person. Nothing is signed in.

const TIMEOUT_MILLISECONDS = 10_000;
const PAGE_CHARACTERS_MAX = 2_000_000;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Expected of a silent sign-in that nobody is signed in for. */
const NOBODY_THERE = new Set(["login_required", "interaction_required", "consent_required", "account_selection_required"]);

type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** All that can be asked. `homeTenant`: the directory that the app is registered in, where MICROSOFT_TENANT does not say it. */
export async function checkMicrosoft(settings: Settings, fetch: Fetch, homeTenant?: string): Promise<Finding[]> {
  const discovery = await checkDiscovery(settings, fetch);
  if (discovery.verdict === "problem") return [discovery];
  return [
    discovery,
    ...(await checkClient(settings, fetch, homeTenant)),
    await checkRedirect(settings, fetch),
    await checkGraph(settings, fetch),
  ];
}

async function checkDiscovery(settings: Settings, fetch: Fetch): Promise<Finding> {
  const address = `${tenantUrl(settings)}/v2.0/.well-known/openid-configuration`;
  const answer = await ask(fetch, address);
  if (typeof answer === "string") return problem(`Microsoft's sign-in cannot be reached: ${answer}`, `Tried: ${address}`);
  if (!answer.ok)
    return problem(
      `Microsoft knows no tenant "${settings["MICROSOFT_TENANT"]}": it answered ${answer.status}.`,
      "Check MICROSOFT_TENANT and MICROSOFT_LOGIN_URL.",
    );
  const { issuer } = (await answer.json()) as { issuer?: string };
  const expected = (await loadProduct()).expectedIssuer(settings["MICROSOFT_LOGIN_URL"] ?? "", settings["MICROSOFT_TENANT"] ?? "");
  if (issuer === expected) return good("Microsoft's sign-in can be reached, and is the one that the settings name.");
  return problem(
    `The sign-in service calls itself ${issuer}, and the settings lead to ${expected}.`,
    "Check MICROSOFT_TENANT and MICROSOFT_LOGIN_URL.",
  );
}

async function checkClient(settings: Settings, fetch: Fetch, homeTenant: string | undefined): Promise<Finding[]> {
  if (!settings["MICROSOFT_CLIENT_SECRET"]) return [];
  const tenant = homeTenant ?? settings["MICROSOFT_TENANT"] ?? "";
  // A made-up code: a client that is refused is told so, one that is accepted hears about the code.
  const code = { grant_type: "authorization_code", code: randomBytes(32).toString("base64url"), redirect_uri: redirectUri(settings) };
  const refused = clientRefusal(await askToken(settings, fetch, settings["MICROSOFT_TENANT"] ?? "", code));
  if (refused) return [refused];
  if (!GUID.test(tenant)) {
    const advice =
      "That the secret is right is certain only with the id of the directory that the app is registered in: npm run doctor -- --tenant ID";
    return [good("Microsoft knows the client, and refused only a made-up code."), unknown("The secret itself was not tried.", advice)];
  }
  // The app's own token: it opens nothing that we use, and is not kept.
  const scope = `${new URL(settings["GRAPH_URL"] ?? "").origin}/.default`;
  const answer = await askToken(settings, fetch, tenant, { grant_type: "client_credentials", scope });
  if (answer.error === "") return [good("The client id and secret are right.")];
  return [clientRefusal(answer) ?? unknown(`The secret was tried, and Microsoft answered ${answer.error}: ${answer.text}`)];
}

interface TokenAnswer {
  /** Empty: a token was given. */
  error: string;
  text: string;
}

async function askToken(settings: Settings, fetch: Fetch, tenant: string, fields: Record<string, string>): Promise<TokenAnswer> {
  const client = { client_id: settings["MICROSOFT_CLIENT_ID"] ?? "", client_secret: settings["MICROSOFT_CLIENT_SECRET"] ?? "" };
  const address = `${settings["MICROSOFT_LOGIN_URL"]}/${tenant}/oauth2/v2.0/token`;
  const answer = await ask(fetch, address, { method: "POST", body: new URLSearchParams({ ...client, ...fields }) });
  if (typeof answer === "string") return { error: "no answer", text: answer };
  const body = (await answer.json().catch(() => ({}))) as { error?: string; error_description?: string };
  return { error: answer.ok ? "" : (body.error ?? String(answer.status)), text: body.error_description?.split(/[\r\n]/)[0] ?? "" };
}

/** What is wrong with the client itself; null where Microsoft says nothing about it. */
function clientRefusal({ error, text }: TokenAnswer): Finding | null {
  if (/AADSTS7000222/.test(text))
    return problem(
      "The client secret has expired.",
      "Make a new one under “Certificates & secrets”, and set MICROSOFT_CLIENT_SECRET to its Value.",
    );
  if (/AADSTS(700016|7000112|70001)\b/.test(text))
    return problem(
      `Microsoft does not know this client here: ${text}`,
      "Check MICROSOFT_CLIENT_ID, and that the registration's account types fit MICROSOFT_TENANT.",
    );
  if (error === "invalid_client")
    return problem(`Microsoft refused the client secret: ${text}`, "Set MICROSOFT_CLIENT_SECRET to the secret's Value, not to its ID.");
  if (error === "unauthorized_client")
    return problem(`Microsoft refused the client: ${text}`, "Check the registration's account types and MICROSOFT_TENANT.");
  if (error === "invalid_grant" || error === "") return null;
  return unknown(`Microsoft answered the token request with ${error}. ${text}`);
}

/** Asks for a silent sign-in: one whose redirect URI is registered comes back to it, saying that nobody is signed in. */
async function checkRedirect(settings: Settings, fetch: Fetch): Promise<Finding> {
  const uri = redirectUri(settings);
  const register = `Add it to the registration under “Authentication”, platform Web, exactly as written: ${uri}`;
  const address = new URL(`${tenantUrl(settings)}/oauth2/v2.0/authorize`);
  address.search = new URLSearchParams({
    client_id: settings["MICROSOFT_CLIENT_ID"] ?? "",
    response_type: "code",
    response_mode: "query",
    redirect_uri: uri,
    scope: (await loadProduct()).scopes.join(" "),
    state: "doctor",
    nonce: "doctor",
    prompt: "none",
  }).toString();
  const answer = await ask(fetch, address.href, { redirect: "manual" });
  if (typeof answer === "string") return unknown(`The redirect URI could not be tried: ${answer}`);
  const target = URL.parse(answer.headers.get("location") ?? "", address);
  if (target && `${target.origin}${target.pathname}` === uri) return fromRedirect(uri, target.searchParams);
  const page = (await answer.text()).slice(0, PAGE_CHARACTERS_MAX);
  if (/AADSTS(50011|500113|900971)\b/.test(page)) return problem("The redirect URI is not registered.", register);
  const number = /AADSTS\d+/.exec(page)?.[0];
  if (number === "AADSTS50194")
    return problem(
      "The app is registered for one directory only, and MICROSOFT_TENANT is not that one.",
      "Set MICROSOFT_TENANT to the directory's id, or have the registration support more account types.",
    );
  if (number !== undefined)
    return problem(
      `Microsoft refused the sign-in request with ${number}.`,
      `See https://login.microsoftonline.com/error?code=${number.slice("AADSTS".length)}`,
    );
  return unknown(
    "Microsoft answered with a page that a program cannot judge, so the redirect URI is not verified.",
    `Open this in a private window; an account list means that it is registered:\n      ${withoutPrompt(address)}`,
  );
}

function fromRedirect(uri: string, answer: URLSearchParams): Finding {
  const error = answer.get("error") ?? "";
  if (NOBODY_THERE.has(error)) return good(`The redirect URI is registered: ${uri}`);
  return problem(
    `The redirect URI is registered, and the sign-in request was refused: ${error}. ${answer.get("error_description")?.split(/[\r\n]/)[0] ?? ""}`,
    "Check the registration's account types and MICROSOFT_TENANT.",
  );
}

/** Without a token Graph refuses: that it does so is the sign that it is there. */
async function checkGraph(settings: Settings, fetch: Fetch): Promise<Finding> {
  const answer = await ask(fetch, `${settings["GRAPH_URL"]}/v1.0/me`);
  if (typeof answer === "string") return problem(`Microsoft Graph cannot be reached: ${answer}`, "Check GRAPH_URL.");
  await answer.body?.cancel();
  return answer.status === 401
    ? good("Microsoft Graph can be reached.")
    : problem(`Microsoft Graph answered ${answer.status} where 401 was expected.`, "Check GRAPH_URL.");
}

function tenantUrl(settings: Settings): string {
  return `${settings["MICROSOFT_LOGIN_URL"]}/${settings["MICROSOFT_TENANT"]}`;
}

function redirectUri(settings: Settings): string {
  return `${settings["ORIGIN"]}/auth/microsoft/callback`;
}

function withoutPrompt(address: URL): string {
  const shown = new URL(address);
  shown.searchParams.set("prompt", "select_account");
  return shown.href;
}

/** The answer, or why there is none. */
async function ask(fetch: Fetch, url: string, init: RequestInit = {}): Promise<Response | string> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    return `${error instanceof Error ? error.message : String(error)}${cause}`;
  }
}
