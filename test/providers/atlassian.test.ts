import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { account } from "../../worker/providers/atlassian/account.ts";
import { addressOf, AtlassianApi } from "../../worker/providers/atlassian/atlassian-api.ts";
import { toProviderError } from "../../worker/providers/atlassian/errors.ts";
import { apiToken, atlassianSignIn, scopedApiToken } from "../../worker/providers/atlassian/methods.ts";
import { ProviderError } from "../../worker/providers/errors.ts";
import type { ProviderContext } from "../../worker/providers/provider.ts";

// What the providers of Atlassian's products have in common, against answers as its documentation and its clients tell of them.

const NOW = Date.UTC(2026, 10, 1);
const CLOUD = "1324a887-45db-1bf4-1e99-ef0ff456d421";
const OTHER = "2a24a887-45db-4bf4-ae99-ef0ff456d422";
const TYPED = { site: "your-team.atlassian.net/wiki/spaces/X", email: "mia@atlassian.example", token: "secret" };

type Answers = Readonly<Record<string, Response | ((request: Request) => Response)>>;

/** A connection whose requests are answered from a table, by address. */
function connection(answers: Answers, fields?: Record<string, string>) {
  const asked: Request[] = [];
  const context: ProviderContext = {
    now: () => NOW,
    accessToken: async (options) => (options?.renew === true ? "renewed" : "first"),
    ...(fields && { fields: async () => fields }),
    fetch: async (input, init) => {
      const request = new Request(input, init);
      asked.push(request);
      const answer = answers[request.url];
      if (answer === undefined) return new Response(null, { status: 404 });
      return typeof answer === "function" ? answer(request) : answer.clone();
    },
  };
  return { api: new AtlassianApi(env, context, "confluence"), asked };
}

const resource = (id: string, scopes: string[]) => ({ id, name: `site ${id.slice(0, 1)}`, url: "https://x.atlassian.net/", scopes });

describe("sites", () => {
  const RESOURCES = "https://api.atlassian.com/oauth/token/accessible-resources";

  it("of a sign-in are those that have the product, each once, behind the gateway", async () => {
    const { api } = connection({
      [RESOURCES]: Response.json([
        resource(CLOUD, ["read:jira-work"]),
        resource(CLOUD, ["read:page:confluence"]),
        resource(CLOUD, ["search:confluence"]),
        resource(OTHER, ["read:jira-work"]),
        null,
      ]),
    });
    expect(await api.sites()).toEqual([
      { id: CLOUD, name: "site 1", url: "https://x.atlassian.net", root: `https://api.atlassian.com/ex/confluence/${CLOUD}` },
    ]);
  });

  it("of a plain API token are the one that was typed, on its own host", async () => {
    const { api } = connection({}, TYPED);
    const site = { id: "your-team.atlassian.net", name: "your-team", url: "https://your-team.atlassian.net" };
    expect(await api.sites()).toEqual([{ ...site, root: site.url }]);
  });

  it("of an API token with scopes are behind the gateway, by the cloud id that the site tells everybody", async () => {
    const { site, email } = TYPED;
    const told = { "https://your-team.atlassian.net/_edge/tenant_info": Response.json({ cloudId: CLOUD }) };
    const { api, asked } = connection(told, { site, email, scopedToken: "secret" });
    expect(await api.sites()).toMatchObject([{ id: CLOUD, root: `https://api.atlassian.com/ex/confluence/${CLOUD}` }]);
    expect(asked.map(({ headers }) => headers.get("authorization"))).toEqual([null]);
  });

  it.each(["https://10.0.0.1", "http://your-team.atlassian.net", "printer.local", "https://tidemark.example"])(
    "are not at %s",
    async (site) => {
      const { api, asked } = connection({}, { ...TYPED, site });
      await expect(api.sites()).rejects.toMatchObject({ kind: "unsupported" });
      expect(asked).toEqual([]);
    },
  );
});

describe("how a connection proves itself", () => {
  const signInWith = (fields: () => Promise<Record<string, string>>) =>
    new AtlassianApi(env, { now: () => NOW, accessToken: async () => "token", fetch, fields }, "confluence").signIn();

  it("is a sign-in where no form was filled in, and not known where what was filled in cannot be had", async () => {
    expect(await signInWith(() => Promise.reject(new ProviderError("unsupported", "This connection was not made by a form.")))).toEqual({
      kind: "oauth",
    });
    const problem = new ProviderError("fatal", "The credential cannot be opened.");
    await expect(signInWith(() => Promise.reject(problem))).rejects.toBe(problem);
  });
});

describe("the account", () => {
  const env = { ATLASSIAN_API_URL: "https://api.atlassian.com" };
  const mia = { accountId: "712020:1", name: "Mia", email: "mia@atlassian.example" };

  it("of a sign-in is the person", async () => {
    const { api } = connection({
      "https://api.atlassian.com/oauth/token/accessible-resources": Response.json([resource(CLOUD, ["read:page:confluence"])]),
      "https://api.atlassian.com/me": Response.json({ account_id: mia.accountId, name: mia.name, email: mia.email }),
    });
    expect(await account(api, env, "Confluence", () => Promise.reject(new Error("not asked")))).toEqual({
      id: "712020:1",
      label: "Mia at site 1",
      email: mia.email,
    });
  });

  it("of an API token is the person at that site", async () => {
    const { api } = connection({}, TYPED);
    expect(await account(api, env, "Confluence", () => Promise.resolve(mia))).toMatchObject({ id: "712020:1@your-team.atlassian.net" });
  });

  it("of a sign-in without a site is none", async () => {
    const { api } = connection({ "https://api.atlassian.com/oauth/token/accessible-resources": Response.json([]) });
    await expect(account(api, env, "Confluence", () => Promise.resolve(mia))).rejects.toThrow("This account has no site with Confluence.");
  });
});

describe("an API token", () => {
  const url = "https://your-team.atlassian.net/wiki/api/v2/spaces";

  it("is not sent again once it was refused", async () => {
    const { api, asked } = connection({ [url]: new Response("Client must be authenticated", { status: 401 }) }, TYPED);
    for (let i = 0; i < 2; i++) await expect(api.jsonAt(url)).rejects.toMatchObject({ kind: "auth" });
    expect(asked).toHaveLength(1);
  });

  it("that was not taken is refused, though the answer looks like any other", async () => {
    const headers = { "X-Seraph-LoginReason": "AUTHENTICATED_FAILED" };
    const { api } = connection({ [url]: Response.json({ results: [] }, { headers }) }, TYPED);
    await expect(api.jsonAt(url)).rejects.toMatchObject({ kind: "auth", providerCode: "AUTHENTICATED_FAILED" });
  });

  it("is not sent on to where the site leads", async () => {
    const { api, asked } = connection(
      { [url]: new Response(null, { status: 302, headers: { location: "https://elsewhere.example/" } }) },
      TYPED,
    );
    await expect(api.jsonAt(url)).rejects.toMatchObject({ kind: "unsupported" });
    expect(asked).toHaveLength(1);
  });
});

describe("a download", () => {
  const url = `https://api.atlassian.com/ex/confluence/${CLOUD}/wiki/rest/api/content/1/child/attachment/att2/download`;
  const leadsTo = (location: string) => new Response(null, { status: 302, headers: { location } });

  it("follows to Atlassian's host for files without the token", async () => {
    const media = "https://api.media.atlassian.com/file/x/binary?token=y";
    const { api, asked } = connection({ [url]: leadsTo(media), [media]: new Response("bytes") });
    expect(await (await api.download(url)).text()).toBe("bytes");
    expect(asked.map(({ headers }) => headers.get("authorization"))).toEqual(["Bearer first", null]);
  });

  it.each(["https://elsewhere.example/file", "https://api.atlassian.com/login", "http://api.media.atlassian.com/file"])(
    "does not follow to %s",
    async (location) => {
      const { api, asked } = connection({ [url]: leadsTo(location) });
      await expect(api.download(url)).rejects.toMatchObject({ kind: "fatal" });
      expect(asked).toHaveLength(1);
    },
  );

  it("may lead on at the site itself first", async () => {
    const site = "https://your-team.atlassian.net/wiki";
    const [first, second] = [`${site}/rest/api/content/1/child/attachment/att2/download`, `${site}/download/attachments/1/a.txt`];
    const media = "https://api.media.atlassian.com/file/x/binary?token=y";
    const { api, asked } = connection({ [first]: leadsTo(second), [second]: leadsTo(media), [media]: new Response("bytes") }, TYPED);
    expect(await (await api.download(first)).text()).toBe("bytes");
    expect(asked.map(({ headers }) => headers.has("authorization"))).toEqual([true, true, false]);
  });

  it("whose signed address is refused is tried again, and refuses nothing of the connection", async () => {
    const media = "https://api.media.atlassian.com/file/x/binary?token=y";
    const { api } = connection({ [url]: leadsTo(media), [media]: new Response(null, { status: 401 }) });
    await expect(api.download(url)).rejects.toMatchObject({ kind: "transient" });
  });
});

it.each<[string, number, Record<string, string>, unknown, object]>([
  [
    "a missing scope",
    401,
    {},
    { code: 401, message: "Unauthorized; scope does not match" },
    { kind: "auth", providerCode: "scope_mismatch" },
  ],
  ["a refused token", 401, {}, { code: 401, message: "Unauthorized" }, { kind: "auth" }],
  ["a CAPTCHA", 403, { "X-Seraph-LoginReason": "AUTHENTICATION_DENIED" }, "", { kind: "auth", providerCode: "AUTHENTICATION_DENIED" }],
  ["a burst", 429, { "Retry-After": "2", "RateLimit-Reason": "jira-burst-based" }, "", { kind: "throttled", retryAfterSeconds: 2 }],
  ["a quota", 429, { "X-RateLimit-Reset": new Date(NOW + 90_000).toISOString() }, "", { kind: "throttled", retryAfterSeconds: 90 }],
  ["a busy site", 503, { "Retry-After": "5" }, "", { kind: "throttled", retryAfterSeconds: 5 }],
  ["a broken site", 503, {}, "<html>", { kind: "transient" }],
  [
    "what is not there",
    404,
    {},
    { errors: [{ status: 404, code: "NOT_FOUND", title: "Not Found" }] },
    { kind: "not_found", providerCode: "NOT_FOUND" },
  ],
  ["an API that was removed", 410, {}, { errorMessages: ["The requested API has been removed."] }, { kind: "unsupported" }],
  ["no access", 403, {}, { message: "Forbidden" }, { kind: "forbidden" }],
])("an error tells of %s", async (_, status, headers, body, expected) => {
  const response = new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
  expect(await toProviderError(response, NOW)).toMatchObject({ status, ...expected });
});

it("lists in a query are sent one by one", () => {
  expect(addressOf("https://x.example/a", { status: ["current", "archived"], limit: 5, cursor: undefined })).toBe(
    "https://x.example/a?status=current&status=archived&limit=5",
  );
});

it("ways to connect name their scopes, and keep tokens as secrets", () => {
  expect(atlassianSignIn(["search:confluence"]).scopes).toEqual(["read:me", "search:confluence"]);
  expect([apiToken, scopedApiToken(["search:confluence"])].map(({ fields }) => fields.at(-1)?.kind)).toEqual(["secret", "secret"]);
});
