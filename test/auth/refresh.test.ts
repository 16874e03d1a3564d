import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { microsoft } from "../../worker/auth/authorities/microsoft.ts";
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
