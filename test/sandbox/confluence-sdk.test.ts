import { createV1Client, createV2Client, exchangeAuthorizationCode, generateAuthorizationUrl, getAccessibleResources } from "confluence.js";
import { createClient } from "confluence.js/core";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createSandbox, type Sandbox } from "../../sandbox/app.ts";
import { atlassian } from "../../sandbox/atlassian/atlassian.ts";
import { confluence } from "../../sandbox/atlassian/confluence/confluence.ts";
import { readContract } from "./contracts.ts";
import { answerProblems } from "./openapi.ts";

const CLIENT = { clientId: "atlassian-client", clientSecret: "sandbox-secret" };
const REDIRECT = "https://tidemark.example/auth/atlassian/callback";
const MIA = "mia@atlassian.example";
const CONTRACT = readContract("confluence/openapi-v2.v3.json");

type Item = {
  id: string;
  kind: string;
  title: string;
  status: string;
  version: number;
  parent: string | null;
  space: string;
  body?: string;
  sha256?: string;
};
type Tree = { spaces: { id: string; key: string }[]; contents: Item[] };

let sandbox: Sandbox;

beforeAll(() => {
  // The library asks by the global fetch, which forgets the token where a redirect leads to another host.
  vi.stubGlobal("fetch", async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, { ...init, redirect: "manual" });
    const answer = await sandbox.app.fetch(request);
    const location = answer.headers.get("location");
    return answer.status === 302 && location !== null ? sandbox.app.fetch(new Request(location)) : answer;
  });
});
afterAll(() => vi.unstubAllGlobals());
beforeEach(async () => {
  sandbox = await createSandbox({ vendors: [atlassian] });
});

async function control<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`https://sandbox.test/_sandbox${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  return answer.json() as Promise<T>;
}

const mutate = async (...ops: object[]): Promise<string[]> =>
  (await control<{ ids: string[] }>("POST", `/atlassian/confluence/${MIA}/mutate`, { ops })).ids;
const tree = (): Promise<Tree> => control("GET", `/atlassian/confluence/${MIA}/tree`);

/** By an API token, at the site itself. */
async function byToken() {
  const { tokens } = await control<{ tokens: { plain: string } }>("GET", `/atlassian/accounts/${MIA}`);
  return createClient({ host: "https://mia.atlassian.net", auth: { type: "basic", email: MIA, apiToken: tokens.plain } });
}

/** The library's own flow of OAuth 2.0, from the page of consent to tokens. */
async function signIn(scopes: readonly string[] = [...confluence.scopes, "offline_access"]) {
  const url = new URL(
    generateAuthorizationUrl({ clientId: CLIENT.clientId, redirectUri: REDIRECT, scopes: [...scopes], state: "some state" }),
  );
  expect(await (await fetch(url)).text()).toContain("Pick an account");
  url.pathname = "/authorize/submit";
  url.searchParams.set("account", MIA);
  const back = new URL((await sandbox.app.fetch(new Request(url))).headers.get("location") ?? "");
  expect(back.searchParams.get("state")).toBe("some state");
  return exchangeAuthorizationCode({ ...CLIENT, code: back.searchParams.get("code") ?? "", redirectUri: REDIRECT });
}

test("Confluence's client reads spaces, their pages, and the bodies of these", async () => {
  const client = createV2Client(await byToken());
  const spaces = (await client.space.getSpaces({ limit: 250 })).results ?? [];
  expect(spaces.map(({ key }) => key)).toEqual(expect.arrayContaining(["HARBOUR", "PROJ"]));
  const space = spaces.find(({ key }) => key === "HARBOUR");
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.page.getPagesInSpace({ id: Number(space?.id), limit: 3, ...(cursor !== undefined && { cursor }) });
    found.push(...(page.results ?? []).flatMap(({ id }) => id ?? []));
    const next: string | undefined = page._links?.next;
    cursor = next === undefined ? undefined : (new URL(next, "https://x").searchParams.get("cursor") ?? undefined);
  } while (cursor !== undefined);
  const { contents } = await tree();
  const live = contents.filter(({ kind, space: at }) => kind === "page" && at === space?.id);
  expect(found.sort()).toEqual(live.map(({ id }) => id).sort());
  for (const { id, title, body } of live) {
    const page = await client.page.getPageById({ id: Number(id), bodyFormat: "storage" });
    expect([page.title, page.body?.storage?.value]).toEqual([title, body]);
  }
});

test("it downloads attachments of each version from the store of files", async () => {
  const core = await byToken();
  const [v1, v2] = [createV1Client(core), createV2Client(core)];
  const { contents } = await tree();
  const page = contents.find(({ title }) => title === "Berths");
  await mutate({ op: "attach", page: page?.id, title: "Berths 2026.csv", bytes: "another version" });
  const [attachment] = (await v2.attachment.getPageAttachments({ id: Number(page?.id) })).results ?? [];
  expect(attachment).toMatchObject({ title: "Berths 2026.csv", fileSize: 15, version: { number: 2 } });
  const download = (version: number) =>
    v1.contentAttachments.downloadAttatchment({ id: String(page?.id), attachmentId: String(attachment?.id), version });
  expect(new TextDecoder().decode(await download(2))).toBe("another version");
  expect(new TextDecoder().decode(await download(1))).toContain("A 1;3.2");
  expect((await tree()).contents.find(({ id }) => id === attachment?.id)?.sha256).toBe(
    createHash("sha256").update("another version").digest("hex"),
  );
});

test("it finds by CQL what has changed, at the minute, in the time zone of the person who asks", async () => {
  const core = await byToken();
  const client = createV1Client(core);
  const { spaces } = await tree();
  const space = spaces.find(({ key }) => key === "PROJ")?.id;
  await control("POST", "/clock", { advanceSeconds: 3600 });
  const [id = ""] = await mutate({ op: "add", space, title: "New" });
  await mutate({ op: "attach", page: id, title: "new.txt", bytes: "new" });
  const { now } = await control<{ now: string }>("POST", "/clock", { advanceSeconds: 0 });
  const there = new Date(Date.parse(now) - 60_000).toLocaleString("sv-SE", { timeZone: "America/Los_Angeles" }).slice(0, 16);
  const search = (since: string) =>
    client.content.searchContentByCQL({
      cql: `space = "PROJ" and type in (page, attachment) and lastmodified >= "${since}" order by lastmodified asc`,
      expand: ["version", "container"],
    });
  const found = (await search(there)).results;
  expect(found.map(({ title, type, version }) => [title, type, version?.number])).toEqual([
    ["New", "page", 1],
    ["new.txt", "attachment", 1],
  ]);
  expect(found[1]).toMatchObject({ container: { id, type: "page" } });
  const inUtc = new Date(Date.parse(now) - 60_000).toISOString().slice(0, 16).replace("T", " ");
  expect((await search(inUtc)).results, "the same clock elsewhere shows a later time").toEqual([]);
  await expect(client.content.searchContentByCQL({ cql: "nonsense" })).rejects.toThrow(/400|cql/i);
});

test("what is in the trash is in no list, is told by its id, and comes back; what is purged does not", async () => {
  const client = createV2Client(await byToken());
  const { spaces } = await tree();
  const space = spaces.find(({ key }) => key === "PROJ")?.id ?? "";
  const [parent = ""] = await mutate({ op: "add", space, title: "Parent" });
  const [child = ""] = await mutate({ op: "add", space, parent, title: "Child" });
  const listed = async () => ((await client.page.getPagesInSpace({ id: Number(space), limit: 250 })).results ?? []).map(({ id }) => id);
  await mutate({ op: "trash", id: parent });
  expect(await listed()).not.toEqual(expect.arrayContaining([parent]));
  expect((await client.page.getPageById({ id: Number(child) })).status).toBe("trashed");
  await mutate({ op: "restore", id: parent });
  expect(await listed()).toEqual(expect.arrayContaining([parent, child]));
  await mutate({ op: "trash", id: parent }, { op: "purge", id: parent });
  await expect(client.page.getPageById({ id: Number(child) })).rejects.toThrow(/404|not found/i);
});

test("a page that a restriction keeps somebody from is not there for them, nor is what is below it", async () => {
  const client = createV2Client(await byToken());
  const { contents } = await tree();
  const berths = contents.find(({ title }) => title === "Berths");
  await mutate({ op: "hide", id: berths?.id, from: MIA });
  for (const one of contents.filter(({ id, parent }) => id === berths?.id || parent === berths?.id)) {
    if (one.kind === "page") await expect(client.page.getPageById({ id: Number(one.id) })).rejects.toThrow(/404|not found/i);
    else await expect(client.attachment.getAttachmentById({ id: one.id })).rejects.toThrow(/404|not found/i);
  }
});

test("by a sign-in it reaches every site of the person through the gateway, and no further than its scopes", async () => {
  const tokens = await signIn();
  const sites = await getAccessibleResources(tokens.accessToken);
  expect(sites.map(({ url }) => url)).toEqual(["https://mia.atlassian.net", "https://leo.atlassian.net"]);
  for (const { id } of sites) {
    const oauth = {
      ...CLIENT,
      type: "oauth2" as const,
      accessToken: tokens.accessToken,
      refreshToken: tokens.refreshToken ?? "",
      cloudId: id,
    };
    expect((await createV2Client({ auth: oauth }).space.getSpaces({})).results).not.toEqual([]);
  }
  const few = await signIn(["read:space:confluence"]);
  const limited = createV2Client({ auth: { type: "oauth2", accessToken: few.accessToken, cloudId: sites[0]?.id ?? "" } });
  expect((await limited.space.getSpaces({})).results).not.toEqual([]);
  await expect(limited.page.getPages({})).rejects.toThrow(/scope/i);
});

test("a token of a sign-in is worth nothing at the site itself, and an API token with scopes only at the gateway", async () => {
  const { accessToken } = await signIn();
  const { tokens, sites } = await control<{ tokens: { scoped: string }; sites: { cloudId: string }[] }>(
    "GET",
    `/atlassian/accounts/${MIA}`,
  );
  const basic = `Basic ${Buffer.from(`${MIA}:${tokens.scoped}`).toString("base64")}`;
  for (const authorization of [`Bearer ${accessToken}`, basic]) {
    expect((await fetch("https://mia.atlassian.net/wiki/api/v2/spaces", { headers: { authorization } })).status).toBe(401);
    const gateway = `https://api.atlassian.com/ex/confluence/${sites[0]?.cloudId}/wiki/api/v2/spaces`;
    expect((await fetch(gateway, { headers: { authorization } })).status).toBe(200);
  }
});

test.skipIf(CONTRACT === undefined)("answers are as Confluence's own description says (needs CONTRACTS_DIR)", async () => {
  const { tokens } = await control<{ tokens: { plain: string } }>("GET", `/atlassian/accounts/${MIA}`);
  const authorization = `Basic ${Buffer.from(`${MIA}:${tokens.plain}`).toString("base64")}`;
  const { spaces, contents } = await tree();
  const idOf = (kind: string, title?: string) =>
    contents.find((one) => one.kind === kind && (title === undefined || one.title === title))?.id ?? "";
  const asked: [path: string, ids: string, query?: string][] = [
    ["/spaces", ""],
    ["/spaces/{id}", spaces[0]?.id ?? ""],
    ["/spaces/{id}/pages", spaces[0]?.id ?? "", "?limit=2"],
    ["/pages", "", "?body-format=storage"],
    ["/pages/{id}", idOf("page", "Berths"), "?body-format=storage"],
    ["/pages/{id}/children", idOf("page", "Harbour handbook")],
    ["/pages/{id}/attachments", idOf("page", "Berths")],
    ["/attachments/{id}", idOf("attachment")],
    ["/folders/{id}", idOf("folder")],
  ];
  for (const [path, id, query = ""] of asked) {
    const answer = await fetch(`https://mia.atlassian.net/wiki/api/v2${path.replace("{id}", id)}${query}`, { headers: { authorization } });
    // Fields that have come since the description at hand.
    expect(
      answerProblems(CONTRACT, path, await answer.json(), {
        closed: true,
        nulls: true,
        extra: ["currentActiveAlias", "spaceId", "subtype"],
      }),
      path,
    ).toEqual([]);
  }
});
