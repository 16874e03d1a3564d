import { env } from "cloudflare:workers";
import * as oauth from "oauth4webapi";
import { describe, expect, it } from "vitest";
import type { Authority, AuthorizeRequest } from "../../worker/auth/authorities/authority.ts";
import { authorities } from "../../worker/auth/authorities/registry.ts";
import { toSignInProblem } from "../../worker/auth/errors.ts";
import type { Flow } from "../../worker/auth/flow.ts";
import { ASK_CONSENT_AGAIN, TRY_AGAIN } from "../../worker/auth/problem.ts";
import { revokeGrant } from "../../worker/auth/revoke.ts";
import { askedScopes, grantedScopes } from "../../worker/auth/scopes.ts";
import { wayOn } from "../../worker/auth/way-on.ts";

function authority(id: string): Authority {
  const found = authorities.get(id);
  if (!found) throw new Error(`There is no authority ${id}.`);
  return found;
}

describe("the authorize address", () => {
  const LINK: AuthorizeRequest = { connecting: true, chooseAccount: true, consent: false };
  const RECONNECT: AuthorizeRequest = { connecting: true, chooseAccount: false, consent: false, loginHint: "a@b.example" };
  const SIGN_IN: AuthorizeRequest = { connecting: false, chooseAccount: true, consent: false };
  const KNOWN: AuthorizeRequest = { connecting: false, chooseAccount: false, consent: false, loginHint: "a@b.example" };
  const CONSENT: AuthorizeRequest = { connecting: true, chooseAccount: false, consent: true };
  it.each([
    ["microsoft", "link", LINK, { response_mode: "query", prompt: "select_account" }],
    ["microsoft", "reconnect", RECONNECT, { response_mode: "query", login_hint: "a@b.example" }],
    ["microsoft", "consent", CONSENT, { response_mode: "query", prompt: "consent" }],
    ["google", "link", LINK, { access_type: "offline", prompt: "select_account consent" }],
    ["google", "reconnect", RECONNECT, { access_type: "offline", prompt: "consent", login_hint: "a@b.example" }],
    ["google", "sign in", SIGN_IN, { prompt: "select_account" }],
    ["google", "known sign in", KNOWN, { login_hint: "a@b.example" }],
    ["dropbox", "link", LINK, { token_access_type: "offline" }],
    ["dropbox", "reconnect", RECONNECT, { token_access_type: "offline" }],
    ["dropbox", "consent", CONSENT, { token_access_type: "offline", force_reapprove: "true" }],
    ["atlassian", "link", LINK, { audience: "api.atlassian.com", prompt: "consent" }],
    ["atlassian", "reconnect", RECONNECT, { audience: "api.atlassian.com", prompt: "consent" }],
    ["autodesk", "link", LINK, {}],
  ])("of %s, to %s, says %j", (id, _, request, parameters) => {
    expect(authority(id).authorizeParameters?.(request) ?? {}).toEqual(parameters);
  });

  it.each([
    ["microsoft", ["Files.Read"], true, "openid profile email offline_access Files.Read"],
    ["microsoft", [], false, "openid profile email"],
    ["google", [], false, "openid email profile"],
    ["dropbox", ["files.content.read"], true, "files.content.read"],
    ["atlassian", ["read:page:confluence"], true, "offline_access read:page:confluence"],
    ["autodesk", ["data:read"], true, "data:read"],
  ])("of %s, for %j, connecting: %s, asks for “%s”", (id, needed, connecting, scope) => {
    expect(askedScopes(authority(id), needed, connecting).join(" ")).toBe(scope);
  });
});

describe("what was granted", () => {
  const GRAPH = "https://graph.microsoft.com/";
  it.each([
    ["microsoft", `openid ${GRAPH}User.Read ${GRAPH}Files.Read`, ["openid", "User.Read", "Files.Read"]],
    ["microsoft", "user.read Files.Read.All", ["offline_access", "User.Read", "Files.Read"]],
    ["google", "openid https://www.googleapis.com/auth/userinfo.email x", ["openid", "email", "x"]],
    ["dropbox", "account_info.read files.content.read", ["files.content.read"]],
    ["atlassian", "read:page:confluence", ["read:page:confluence", "offline_access"]],
    ["autodesk", undefined, ["data:read"]],
  ])("at %s as “%s” has all of %j in it", (id, granted, needed) => {
    expect(grantedScopes(authority(id), granted, needed).length).toBeGreaterThan(0);
  });

  it.each([
    ["microsoft", "openid User.Read", ["User.Read", "Files.Read"], "Files.Read"],
    ["microsoft", "Files.ReadWrite", ["Files.Read"], "Files.Read"],
    ["google", "openid", ["https://www.googleapis.com/auth/drive.readonly"], "https://www.googleapis.com/auth/drive.readonly"],
    ["dropbox", "account_info.read", ["account_info.read", "files.content.read"], "files.content.read"],
    ["atlassian", "", ["read:page:confluence"], "read:page:confluence"],
  ])("at %s as “%s” lacks something of %j, which is named", (id, granted, needed, missing) => {
    expect(() => grantedScopes(authority(id), granted, needed)).toThrow(`"${missing}"`);
  });
});

describe("an error of a sign-in", () => {
  const told = (error: string, description = "", status = 400) =>
    new oauth.ResponseBodyError("", {
      cause: { error, error_description: description },
      response: new Response(null, { status }),
    });
  const brought = (error: string, description = "") =>
    new oauth.AuthorizationResponseError("", { cause: new URLSearchParams({ error, error_description: description }) });
  const context = { connecting: true, adminConsentUrl: undefined };

  it.each([
    ["microsoft", brought("access_denied"), "auth.consent_declined"],
    ["microsoft", brought("access_denied", "AADSTS90094: admin"), "auth.admin_consent_required"],
    ["microsoft", told("invalid_grant", "AADSTS50105: blocked"), "auth.token_rejected"],
    ["microsoft", told("invalid_grant", "AADSTS50076: factor"), "auth.code_expired"],
    ["google", brought("access_denied"), "auth.consent_declined"],
    ["google", brought("admin_policy_enforced"), "auth.token_rejected"],
    ["google", told("invalid_grant"), "auth.code_expired"],
    ["google", told("invalid_client", "", 401), "auth.not_configured"],
    ["google", told("deleted_client", "", 401), "auth.not_configured"],
    ["dropbox", told("invalid_client: Invalid client_id or client_secret"), "auth.not_configured"],
    ["dropbox", brought("temporarily_unavailable"), "auth.authority_failed"],
    ["atlassian", brought("access_denied"), "auth.consent_declined"],
    ["atlassian", told("access_denied", "Unauthorized", 401), "auth.not_configured"],
    ["atlassian", told("unauthorized_client", "authorization_code is invalid", 403), "auth.code_expired"],
    ["autodesk", told("AUTH-001", "", 403), "auth.not_configured"],
    ["autodesk", brought("server_error"), "auth.authority_failed"],
  ])("at %s, such as %o, is %s, in words about nobody else", (id, error, code) => {
    const problem = toSignInProblem(authority(id), error, context);
    expect(problem.code).toBe(code);
    for (const other of authorities.values()) if (other.id !== id) expect(problem.message).not.toContain(other.name);
  });

  it("leads to the administrator's page where there is one", () => {
    const scope = "openid Sites.Read.All";
    const url = authority("microsoft").adminConsentUrl?.(env, { clientId: "c", scope, redirectUri: "https://t.example/cb" });
    const problem = toSignInProblem(authority("microsoft"), brought("access_denied", "AADSTS90094"), {
      connecting: true,
      adminConsentUrl: url,
    });
    expect(problem.action).toMatchObject({
      href: expect.stringContaining("/organizations/v2.0/adminconsent?client_id=c&scope=openid+Sites") as string,
    });
  });
});

describe("the way on", () => {
  const signIn = { provider: "none", returnTo: "/app", purpose: { kind: "sign-in" } } as Flow;
  const link = { provider: "x", returnTo: "/app/account", purpose: { kind: "link", userId: "u" } } as Flow;
  it.each([
    ["google", TRY_AGAIN, undefined, "/auth/google/login"],
    ["google", TRY_AGAIN, signIn, "/auth/google/login"],
    ["google", ASK_CONSENT_AGAIN, { ...signIn, provider: "google-drive" }, "/auth/google/login?provider=google-drive&prompt=consent"],
    ["google", TRY_AGAIN, { ...signIn, returnTo: "/app/account" }, "/auth/google/login?return_to=%2Fapp%2Faccount"],
    ["google", ASK_CONSENT_AGAIN, link, "/app/account"],
    ["google", { label: "As them", go: "sign-in" } as const, link, "/auth/google/login"],
    ["dropbox", TRY_AGAIN, undefined, "/"],
    ["dropbox", TRY_AGAIN, link, "/app/account"],
    ["nobody", TRY_AGAIN, undefined, "/"],
    ["google", { label: "There", href: "/there" }, link, "/there"],
  ])("of what ended at %s, %j, %o is %s", (id, action, flow, href) => {
    expect(wayOn(action, authorities.get(id), flow).href).toBe(href);
  });
});

describe("ending a grant", () => {
  it.each([
    ["google", "https://oauth2.googleapis.com/revoke", "token=t", null],
    ["dropbox", "https://api.dropboxapi.com/2/auth/token/revoke", "", "Bearer t"],
    [
      "autodesk",
      "https://developer.api.autodesk.com/authentication/v2/revoke",
      "token=t&token_type_hint=refresh_token",
      `Basic ${btoa("autodesk-client:sandbox-secret")}`,
    ],
  ])("at %s asks %s", async (id, url, body, authorization) => {
    const { revocation } = authority(id);
    if (!revocation) throw new Error(`${id} ends no grants.`);
    const asked: Request[] = [];
    const fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
      asked.push(new Request(input, init));
      return new Response();
    };
    await revokeGrant(authority(id), revocation, env, "t", { fetch });
    const [request] = asked;
    expect([request?.method, request?.url, request?.headers.get("authorization")]).toEqual(["POST", url, authorization]);
    expect(new TextDecoder().decode(await request?.arrayBuffer())).toBe(body);
    await expect(
      revokeGrant(authority(id), revocation, env, "t", { fetch: () => Promise.resolve(new Response("no", { status: 400 })) }),
    ).rejects.toMatchObject({ status: 400 });
  });

  it.each(["microsoft", "atlassian"])("is not possible at %s", (id) => {
    expect(authority(id).revocation).toBeUndefined();
  });
});
