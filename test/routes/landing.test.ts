import { beforeAll, describe, expect, it } from "vitest";
import { authorities } from "../../worker/auth/authorities/registry.ts";
import { call } from "./client.ts";
import { seedSession, seedUser } from "./seed.ts";

let cookie: string;
beforeAll(async () => {
  cookie = await seedSession(await seedUser());
});

/** As the build has it (web/src/routes/+page.svelte), without what is the same for all. */
const BUILT = `<div data-when="ended" hidden>Ended</div>
<a href="/app" data-way-on="" data-when="signed-in" hidden>Open</a>
<div data-when="signed-out">
  <a href="/x" data-way-on="microsoft" data-when="sign-in-microsoft">Microsoft</a>
  <a href="/x" data-way-on="google" data-when="sign-in-google" hidden>Google</a>
</div>
<p data-when="first">Read only</p><p data-when="asked" hidden>Back</p>`;

const ASSETS = {
  fetch: async () =>
    new Response(BUILT, { headers: { "content-type": "text/html", etag: '"built"', "cache-control": "public, max-age=0" } }),
} as unknown as Fetcher;

/** The links and texts that are to be seen, and where the links lead. */
async function seen(query: string, options: { cookie?: string; env?: Partial<Env> } = {}): Promise<string[]> {
  const response = await call(`/${query}`, { ...options, env: { ASSETS, ...options.env } });
  const page = await response.text();
  expect(page).not.toContain("data-");
  expect(page).not.toContain("hidden");
  return [...page.matchAll(/<(?:a href="([^"]*)"|p|div)\s*>(\w[\w ]*)</g)].map(([, href, text]) => (href ? `${text}: ${href}` : `${text}`));
}

const back = (path: string) => encodeURIComponent(path);

describe("the start page", () => {
  it("offers what one can sign in with here: what proves who somebody is, and is registered with", async () => {
    const microsoft = `Microsoft: /auth/microsoft/login?return_to=${back("/app")}`;
    const google = `Google: /auth/google/login?return_to=${back("/app")}`;
    expect(await seen("")).toEqual([microsoft, google, "Read only"]);
    expect(await seen("", { env: { GOOGLE_CLIENT_ID: "" } })).toEqual([microsoft, "Read only"]);
    // What it has no link for, nobody could sign in with.
    expect([...authorities.values()].filter(({ identity }) => identity).map(({ id }) => id)).toEqual(["microsoft", "google"]);
  });

  it("leads back to where somebody was, and says why they are here", async () => {
    const path = "/app/syncs/abc?tab=history";
    const shown = await seen(`?return_to=${back(path)}&ended`);
    expect(shown).toEqual([
      "Ended",
      `Microsoft: /auth/microsoft/login?return_to=${back(path)}`,
      `Google: /auth/google/login?return_to=${back(path)}`,
      "Back",
    ]);
  });

  it.each([
    "https://evil.example/app",
    "//evil.example/app",
    "/api/v1/me",
    "/appendix",
    "/auth/logout",
    '/app"><script>',
    "javascript:alert(1)",
  ])("leads to no place but the app's own: %s", async (asked) => {
    const [link] = await seen(`?return_to=${back(asked)}`);
    expect(decodeURIComponent(link ?? "")).toMatch(/return_to=\/app(%22%3E%3Cscript%3E)?$/);
  });

  it("leads who is signed in into the app, and offers no sign-in", async () => {
    expect(await seen("", { cookie })).toEqual(["Open: /app", "Read only"]);
    expect(await seen(`?return_to=${back("/app/files")}&ended`, { cookie })).toEqual(["Open: /app/files", "Read only"]);
  });

  it("keeps a session alive, as every use of it does", async () => {
    const ending = await seedSession(await seedUser(), { expiresAt: Date.now() + 86_400_000 });
    const { headers } = await call("/", { cookie: ending, env: { ASSETS } });
    expect(headers.get("set-cookie")).toContain(ending);
    expect(headers.get("set-cookie")).toMatch(/Max-Age=\d{7}/);
  });

  it("is kept by nobody, since it is its reader's", async () => {
    const { headers } = await call("/", { cookie, env: { ASSETS } });
    expect([headers.get("cache-control"), headers.get("etag"), headers.get("content-type")]).toEqual([
      "private, no-store",
      null,
      "text/html",
    ]);
    expect(headers.get("content-security-policy")).toBe("frame-ancestors 'none'");
    const head = await call("/", { method: "HEAD", env: { ASSETS } });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("is missing where the app was not built", async () => {
    const none = { fetch: async () => new Response(null, { status: 404 }) } as unknown as Fetcher;
    expect((await call("/", { env: { ASSETS: none } })).status).toBe(404);
  });
});
