import { jwtVerify } from "jose";
import { createCloudClient } from "jira.js";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startSandbox, type RunningSandbox } from "../../sandbox/server.ts";
import { readContract } from "./contracts.ts";
import { schemaProblems } from "./open-api-schemas.ts";

// Somebody else's client, unchanged, over HTTP: jira.js, which also holds every answer against schemas of its own.

const PERSON = "mia@atlassian.example";
const CLIENT_ID = "atlassian-client";
const REDIRECT = "https://tidemark.example/auth/atlassian/callback";
const HOOK = "https://tidemark.example/webhooks/jira";

let sandbox: RunningSandbox;
let cloudId = "";
const delivered: { headers: Headers; body: string }[] = [];
const contract = readContract("jira/swagger-v3.v3.json");

beforeAll(async () => {
  const deliver: typeof fetch = async (_input, init) => {
    delivered.push({ headers: new Headers(init?.headers), body: String(init?.body ?? "") });
    return new Response(null, { status: 200 });
  };
  sandbox = await startSandbox({ port: 0, fetch: deliver });
  cloudId = (await control<{ sites: { cloudId: string }[] }>("GET", `/atlassian/accounts/${PERSON}`)).sites[0]?.cloudId ?? "";
});
afterAll(() => sandbox.close());

async function control<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const answer = await fetch(`${sandbox.url}/_sandbox${path}`, init);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as T;
}
const mutate = async (...ops: object[]) => (await control<{ ids: string[] }>("POST", `/atlassian/jira/${PERSON}/mutate`, { ops })).ids;

/** The site's own host, with an API token. */
async function basic() {
  const { tokens } = await control<{ tokens: { plain: string } }>("GET", `/atlassian/accounts/${PERSON}`);
  return createCloudClient({ host: `${sandbox.url}/mia.atlassian.net`, auth: { type: "basic", email: PERSON, apiToken: tokens.plain } });
}

async function accessToken(scope: string): Promise<string> {
  const query = new URLSearchParams({ client_id: CLIENT_ID, audience: "api.atlassian.com", response_type: "code", redirect_uri: REDIRECT });
  query.set("scope", scope);
  query.set("account", PERSON);
  const back = await fetch(`${sandbox.url}/auth.atlassian.com/authorize/submit?${query}`, { redirect: "manual" });
  const code = new URL(back.headers.get("location") ?? "").searchParams.get("code");
  const body = { grant_type: "authorization_code", client_id: CLIENT_ID, client_secret: "sandbox-secret", code, redirect_uri: REDIRECT };
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${sandbox.url}/auth.atlassian.com/oauth/token`, { method: "POST", headers, body: JSON.stringify(body) });
  return ((await answer.json()) as { access_token: string }).access_token;
}

const SCOPES = "read:jira-work read:jira-user manage:jira-webhook offline_access";

/** The gateway, with an app's token. */
async function bearer(scope = SCOPES) {
  return createCloudClient({
    host: `${sandbox.url}/api.atlassian.com/ex/jira/${cloudId}`,
    auth: { type: "bearer", token: await accessToken(scope) },
  });
}

test("a person with an API token, and an app, see the projects and their issues", async () => {
  for (const jira of [await basic(), await bearer()]) {
    expect((await jira.myself.getCurrentUser()).displayName).toBe("Mia");
    const { values } = await jira.projects.searchProjects({ query: "harbour" });
    expect(values?.map(({ key, name }) => [key, name])).toEqual([["HAR", "Harbour works"]]);
    const issue = await jira.issues.getIssue({ issueIdOrKey: "HAR-1", expand: ["names"] });
    expect(issue.fields?.["attachment"]).toHaveLength(2);
    expect(issue.fields?.["description"]).toMatchObject({ type: "doc", version: 1 });
  }
});

test("a search is paged by tokens to its end, and tells no total", async () => {
  const jira = await basic();
  await mutate(
    { op: "project", key: "MANY", name: "Many" },
    ...Array.from({ length: 7 }, (_, n) => ({ op: "create", project: "MANY", summary: `${n}` })),
  );
  const keys: (string | undefined)[] = [];
  for (let nextPageToken: string | undefined; ;) {
    const page = await jira.issueSearch.searchAndReconsileIssuesUsingJqlPost({
      jql: 'project = MANY AND created >= "2020-01-01 00:00" ORDER BY key DESC',
      fields: ["summary"],
      maxResults: 3,
      ...(nextPageToken !== undefined && { nextPageToken }),
    });
    expect(page).not.toHaveProperty("total");
    keys.push(...(page.issues ?? []).map(({ key }) => key));
    if (!page.nextPageToken) break;
    nextPageToken = page.nextPageToken;
  }
  expect(keys).toEqual([7, 6, 5, 4, 3, 2, 1].map((n) => `MANY-${n}`));
  expect((await jira.issueSearch.countIssues({ jql: "project = MANY" })).count).toBe(7);
});

test("dates in a query are those of the asker's time zone; milliseconds are the same for everybody", async () => {
  const jira = await basic();
  const issue = await jira.issues.getIssue({ issueIdOrKey: "WEB-1", fields: ["updated"] });
  const updated = String(issue.fields?.["updated"]);
  expect(updated).toMatch(/\+0[12]00$/);
  const at = Date.parse(updated.replace(/(\d\d)(\d\d)$/, "$1:$2"));
  const local = `${updated.slice(0, 10)} ${updated.slice(11, 16)}`;
  const count = async (from: string) => (await jira.issueSearch.countIssues({ jql: `key = WEB-1 AND updated >= ${from}` })).count;
  expect([await count(`"${local}"`), await count(String(at)), await count(String(at + 60_000))]).toEqual([1, 1, 0]);
  await control("POST", "/atlassian/jira/zone", { account: PERSON, zone: "America/New_York" });
  expect([await count(`"${local}"`), await count(String(at))]).toEqual([0, 1]);
  await control("POST", "/atlassian/jira/zone", { account: PERSON, zone: "Europe/Berlin" });
});

test("what is wrong with a query is told; without a restriction it is not answered", async () => {
  const jira = await basic();
  const { queries } = await jira.jql.parseJqlQueries({ queries: ["project = HAR", "colour = red", "project ="], validation: "strict" });
  expect(queries?.map(({ errors }) => errors?.length ?? 0)).toEqual([0, 1, 1]);
  const search = (jql: string) => jira.issueSearch.searchAndReconsileIssuesUsingJqlPost({ jql });
  await expect(search("project = NONE")).rejects.toThrow();
  await expect(search("ORDER BY created")).rejects.toThrow();
  const ids = [
    Number((await jira.issues.getIssue({ issueIdOrKey: "HAR-1" })).id),
    Number((await jira.issues.getIssue({ issueIdOrKey: "HAR-3" })).id),
  ];
  const { matches } = await jira.issueSearch.matchIssues({ issueIds: ids, jqls: ["status != Done"] });
  expect(matches?.[0]?.matchedIssues).toEqual([ids[0]]);
});

test("an issue that moves keeps its id, and is found by its old key; one that was deleted is gone", async () => {
  const jira = await basic();
  const [id = ""] = await mutate({ op: "create", project: "HAR", summary: "Wanders" });
  const { key = "" } = await jira.issues.getIssue({ issueIdOrKey: id });
  await mutate({ op: "move", issue: id, project: "WEB" });
  const moved = await jira.issues.getIssue({ issueIdOrKey: key });
  expect([moved.id, moved.key?.startsWith("WEB-")]).toEqual([id, true]);
  await mutate({ op: "delete", issue: id });
  await expect(jira.issues.getIssue({ issueIdOrKey: id })).rejects.toMatchObject({ status: 404 });
  const { issues, issueErrors } = await jira.issues.bulkFetchIssues({ issueIdsOrKeys: [id, "WEB-1"], fields: ["summary"] });
  expect([issues?.map((one) => one.key), issueErrors]).toEqual([["WEB-1"], []]);
});

test("an attachment comes by a redirect, or itself, and then in parts", async () => {
  const jira = await basic();
  const { fields } = await jira.issues.getIssue({ issueIdOrKey: "HAR-1", fields: ["attachment"] });
  const files = fields?.["attachment"] as { id: string; filename: string; size: number }[] | undefined;
  const file = files?.find(({ filename }) => filename.endsWith(".csv"));
  const headers = { authorization: `Bearer ${await accessToken(SCOPES)}` };
  const url = `${sandbox.url}/api.atlassian.com/ex/jira/${cloudId}/rest/api/3/attachment/content/${file?.id}`;
  const redirect = await fetch(url, { headers, redirect: "manual" });
  expect([redirect.status, new URL(redirect.headers.get("location") ?? "").pathname]).toEqual([
    303,
    expect.stringContaining("api.media.atlassian.com"),
  ]);
  const whole = await (await fetch(redirect.headers.get("location") ?? "")).text();
  expect(whole).toHaveLength(file?.size ?? -1);
  const part = await fetch(`${url}?redirect=false`, { headers: { ...headers, range: "bytes=0-4" } });
  expect([part.status, await part.text()]).toEqual([206, "angle"]);
  expect((await fetch(`${url}?redirect=false`, { headers: { ...headers, range: "bytes=9999-" } })).status).toBe(416);
});

test("comments are paged", async () => {
  const jira = await basic();
  const [id = ""] = await mutate({ op: "create", project: "HAR", summary: "Much said" });
  await mutate(...Array.from({ length: 5 }, (_, n) => ({ op: "comment", issue: id, body: `remark ${n}` })));
  const page = await jira.issueComments.getComments({ issueIdOrKey: id, startAt: 2, maxResults: 2 });
  expect([page.total, page.comments?.length, page.startAt]).toEqual([5, 2, 2]);
});

test("an app's webhook tells what happens, signed with the app's secret, until it ends", async () => {
  const jira = await bearer();
  const made = await jira.webhooks.registerDynamicWebhooks({
    url: HOOK,
    webhooks: [
      { jqlFilter: "project = HAR", events: ["jira:issue_created"] },
      { jqlFilter: "updated > -1d", events: ["jira:issue_updated"] },
    ],
  });
  const [{ createdWebhookId = 0 } = {}, refused] = made.webhookRegistrationResult ?? [];
  expect(refused?.errors).toEqual(["The clause updated is unsupported"]);
  const [id] = await mutate(
    { op: "create", project: "HAR", summary: "Rings a bell" },
    { op: "create", project: "WEB", summary: "Does not" },
  );
  await vi.waitFor(() => expect(delivered).toHaveLength(1));
  const token = delivered[0]?.headers.get("authorization")?.slice("Bearer ".length) ?? "";
  await expect(jwtVerify(token, new TextEncoder().encode("sandbox-secret"), { algorithms: ["HS256"] })).resolves.toBeDefined();
  expect(JSON.parse(delivered[0]?.body ?? "")).toMatchObject({
    webhookEvent: "jira:issue_created",
    issue: { id },
    matchedWebhookIds: [createdWebhookId],
  });
  const { values } = await jira.webhooks.getDynamicWebhooksForApp();
  expect(values?.map(({ url, jqlFilter }) => [url, jqlFilter])).toEqual([[HOOK, "project = HAR"]]);
  expect((await jira.webhooks.refreshWebhooks({ webhookIds: [createdWebhookId] })).expirationDate).toBeGreaterThan(Date.now());
  await jira.webhooks.deleteWebhookById({ webhookIds: [createdWebhookId] });
  expect((await jira.webhooks.getDynamicWebhooksForApp()).values).toEqual([]);
  await expect((await basic()).webhooks.getDynamicWebhooksForApp()).rejects.toMatchObject({ status: 403 });
});

test("a scope that was not granted is missed; the old search is gone", async () => {
  const jira = await bearer("read:jira-user offline_access");
  await expect(jira.projects.searchProjects()).rejects.toMatchObject({ status: 401 });
  const headers = { authorization: `Bearer ${await accessToken(SCOPES)}` };
  const old = await fetch(`${sandbox.url}/api.atlassian.com/ex/jira/${cloudId}/rest/api/3/search?jql=project=HAR`, { headers });
  expect(old.status).toBe(410);
});

test.skipIf(contract === undefined)("answers are as Atlassian describes them [needs CONTRACTS_DIR]", async () => {
  const headers = { authorization: `Bearer ${await accessToken(SCOPES)}`, "content-type": "application/json" };
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(`${sandbox.url}/api.atlassian.com/ex/jira/${cloudId}/rest/api/3${path}`, init);
    return answer.json();
  };
  const webhook = { url: HOOK, webhooks: [{ jqlFilter: "project = HAR", events: ["jira:issue_created"] }] };
  const answers: [schema: string, answer: unknown][] = [
    ["SearchAndReconcileResults", await ask("POST", "/search/jql", { jql: "project = HAR", fields: ["*all"], maxResults: 2 })],
    ["BulkIssueResults", await ask("POST", "/issue/bulkfetch", { issueIdsOrKeys: ["HAR-1"], fields: ["*all"] })],
    ["IssueBean", await ask("GET", "/issue/HAR-1?expand=names")],
    ["PageOfComments", await ask("GET", "/issue/HAR-1/comment")],
    ["PageBeanProject", await ask("GET", "/project/search")],
    ["User", await ask("GET", "/myself")],
    ["IssueMatches", await ask("POST", "/jql/match", { issueIds: [10_000], jqls: ["project = HAR", "x"] })],
    ["ParsedJqlQueries", await ask("POST", "/jql/parse", { queries: ["project = HAR", "x"] })],
    ["ErrorCollection", await ask("GET", "/issue/HAR-999")],
    ["ContainerForRegisteredWebhooks", await ask("POST", "/webhook", webhook)],
    ["PageBeanWebhook", await ask("GET", "/webhook")],
  ];
  expect(answers.map(([schema, answer]) => [schema, schemaProblems(contract, schema, answer)])).toEqual(
    answers.map(([schema]) => [schema, []]),
  );
  const found = answers[0]?.[1] as { issues: { fields: { attachment: unknown[]; comment: unknown } }[] } | undefined;
  const fields = found?.issues[0]?.fields;
  expect(fields?.attachment.flatMap((one) => schemaProblems(contract, "Attachment", one))).toEqual([]);
  expect(schemaProblems(contract, "PageOfComments", fields?.comment)).toEqual([]);
});
