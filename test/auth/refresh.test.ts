import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { microsoft } from "../../worker/auth/authorities/microsoft.ts";
import { authorityOf } from "../../worker/auth/authorities/registry.ts";
import { refreshTokens } from "../../worker/auth/refresh.ts";

const OLD = { accessToken: "a1", refreshToken: "r1", expiresAt: 0 };
const SCOPES = ["openid", "profile", "email", "offline_access", "User.Read", "Files.Read"];
const NOW = 1_000_000;

/** The token endpoint, with one answer; what it was asked. */
function endpoint(answer: Response): { fetch: typeof fetch; asked: () => Request } {
  let asked: Request | undefined;
  return {
    fetch: async (input, init) => {
      asked = new Request(input, init);
      return answer;
    },
    asked: () => asked ?? new Request("https://nobody.example"),
  };
}

const refresh = (answer: Response) => refreshTokens(microsoft, env, OLD, SCOPES, { fetch: endpoint(answer).fetch, now: () => NOW });
const refusal = (error: string, status = 400) => Response.json({ error, error_description: `AADSTS1: ${error}` }, { status });
const granted = (more: object = {}) => Response.json({ token_type: "Bearer", access_token: "a2", expires_in: 60, ...more });

describe("renewing access", () => {
  it("brings new tokens, and needs no id token even where one comes along", async () => {
    expect(await refresh(granted({ refresh_token: "r2", id_token: "not.even.one" }))).toEqual({
      accessToken: "a2",
      refreshToken: "r2",
      expiresAt: NOW + 60_000,
    });
  });

  it("keeps the refresh token where no new one comes", async () => {
    expect((await refresh(granted())).refreshToken).toBe("r1");
  });

  it("asks for access only, with our secret in the body and no Origin", async () => {
    const { fetch, asked } = endpoint(granted());
    await refreshTokens(microsoft, env, OLD, SCOPES, { fetch, now: () => NOW });
    const form = new URLSearchParams(await asked().text());
    expect(Object.fromEntries(form)).toEqual({
      grant_type: "refresh_token",
      refresh_token: "r1",
      scope: "User.Read Files.Read offline_access",
      client_id: env.MICROSOFT_CLIENT_ID,
      client_secret: env.MICROSOFT_CLIENT_SECRET,
    });
    expect(asked().url).toBe("https://login.microsoftonline.com/common/oauth2/v2.0/token");
    expect(asked().headers.has("origin")).toBe(false);
  });

  it.each([
    ["invalid_grant", 400, "auth"],
    ["interaction_required", 400, "auth"],
    ["consent_required", 400, "auth"],
    ["invalid_client", 401, "operator"],
    ["unauthorized_client", 400, "operator"],
    ["temporarily_unavailable", 400, "transient"],
  ])("refused with %s (%i) is %s", async (error, status, kind) => {
    await expect(refresh(refusal(error, status))).rejects.toMatchObject({ name: "ProviderError", kind });
  });

  it.each([
    ["a gateway's page", () => new Response("<h1>502</h1>", { status: 502, headers: { "content-type": "text/html" } })],
    ["nonsense", () => Response.json({ hello: 1 })],
    ["text", () => new Response("ok")],
  ])("answered by %s may work later", async (_, answer) => {
    await expect(refresh(answer())).rejects.toMatchObject({ kind: "transient" });
  });
});

describe("renewing access at other authorities", () => {
  const refreshAt = (authority: string, answer: Response, more: { interrupted?: boolean } = {}) => {
    const { fetch, asked } = endpoint(answer);
    const renewed = refreshTokens(authorityOf({ authority }), env, OLD, ["read"], { fetch, now: () => NOW, ...more });
    return { renewed, asked };
  };
  const fields = { grant_type: "refresh_token", refresh_token: "r1" };
  const client = (id: string) => ({ client_id: id, client_secret: "sandbox-secret" });

  it.each([
    ["google", "https://oauth2.googleapis.com/token", "form", { ...fields, ...client(env.GOOGLE_CLIENT_ID) }],
    ["dropbox", "https://api.dropboxapi.com/oauth2/token", "form", { ...fields, ...client("dropbox-client") }],
    ["atlassian", "https://auth.atlassian.com/oauth/token", "json", { ...fields, ...client("atlassian-client") }],
    ["autodesk", "https://developer.api.autodesk.com/authentication/v2/token", "form", fields],
  ])("asks %s at %s, by %s", async (authority, url, form, body) => {
    const { renewed, asked } = refreshAt(authority, granted({ refresh_token: "r2" }));
    expect(await renewed).toMatchObject({ accessToken: "a2", refreshToken: "r2" });
    const text = new TextDecoder().decode(await asked().arrayBuffer());
    expect(asked().url).toBe(url);
    expect(form === "json" ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text))).toEqual(body);
    expect(asked().headers.get("content-type")).toMatch(form === "json" ? /^application\/json$/ : /^application\/x-www-form-urlencoded/);
    expect(asked().headers.get("authorization")).toBe(authority === "autodesk" ? `Basic ${btoa("autodesk-client:sandbox-secret")}` : null);
  });

  const refused = (error: string, status: number, description = "") => Response.json({ error, error_description: description }, { status });
  it.each([
    ["google", refused("invalid_grant", 400, "Token has been expired or revoked."), "auth"],
    ["google", refused("admin_policy_enforced", 400), "auth"],
    ["google", refused("invalid_client", 401), "operator"],
    ["google", refused("rate_limit_exceeded", 429), "throttled"],
    ["dropbox", refused("invalid_grant", 400), "auth"],
    ["dropbox", refused("invalid_client: Invalid client_id or client_secret", 401), "operator"],
    ["atlassian", refused("unauthorized_client", 403, "refresh_token is invalid"), "auth"],
    ["atlassian", refused("invalid_grant", 403, "Unknown or invalid refresh token."), "auth"],
    ["atlassian", refused("access_denied", 401, "Unauthorized"), "operator"],
    ["autodesk", refused("invalid_grant", 400), "auth"],
    ["autodesk", Response.json({ developerMessage: "No access.", errorCode: "AUTH-001" }, { status: 403 }), "operator"],
    ["autodesk", new Response("Bad gateway", { status: 502 }), "transient"],
  ])("refused by %s: %# is %s", async (authority, answer, kind) => {
    await expect(refreshAt(authority, answer).renewed).rejects.toMatchObject({ name: "ProviderError", kind });
  });

  it.each([
    ["atlassian", true, /answer with the next one was lost.*10 minutes only/],
    ["autodesk", true, /answer with the next one was lost.*Autodesk does not give it again/],
    ["autodesk", false, undefined],
    ["google", true, undefined],
  ])(
    "of %s, whose answer was lost before (%s), a dead grant is explained by that where it may be why",
    async (authority, interrupted, words) => {
      const { renewed } = refreshAt(authority, refused("invalid_grant", 400), { interrupted });
      const advice = words === undefined ? undefined : (expect.stringMatching(words) as string);
      await expect(renewed).rejects.toMatchObject({ kind: "auth", advice });
    },
  );
});
