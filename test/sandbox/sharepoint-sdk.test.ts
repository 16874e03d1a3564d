import { BatchRequestContent, BatchResponseContent, type PageCollection } from "@microsoft/microsoft-graph-client";
import type { Drive, DriveItem, Site, Subscription } from "@microsoft/microsoft-graph-types";
import { expect, test } from "vitest";
import { createSandbox } from "../../sandbox/app.ts";
import { sdkFor, walk } from "./graph-client.ts";
import { clientOf, SCOPE } from "./sandbox-client.ts";

// SharePoint as Microsoft's own client sees it, and whom it lets see what.

const ALICE = "alice@contoso.example";
const SITES = "openid offline_access User.Read Sites.Read.All";
const FILES = "openid offline_access User.Read Files.Read.All";
const MARKETING = "marketing.documents@contoso-sites.example";
const GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

const delivered: string[] = [];
const sandbox = await createSandbox({
  fetch: async (input, init) => {
    const token = new URL(input instanceof Request ? input.url : input).searchParams.get("validationToken");
    if (token === null) delivered.push(typeof init?.body === "string" ? init.body : "");
    return token === null ? new Response(null, { status: 202 }) : new Response(token, { headers: { "Content-Type": "text/plain" } });
  },
});
const client = clientOf(sandbox);
const change = (site: string, body: object) =>
  client.control<{ id: string; libraries: { account: string; driveId: string }[] }>("PUT", `/microsoft/sites/${site}`, body);

test("Microsoft's client finds the sites that alice follows and those that a search finds, with what is hers to see", async () => {
  const sdk = await sdkFor(client, ALICE, SITES);
  const followed = (await sdk.api("/me/followedSites").get()) as { value: Site[] };
  expect(followed.value.map(({ displayName }) => displayName)).toEqual(["Engineering", "Legal (archived)", "Marketing"]);
  expect(followed.value[2]).toEqual({
    id: expect.stringMatching(new RegExp(`^contoso\\.sharepoint\\.com,${GUID},${GUID}$`)),
    webUrl: "https://contoso.sharepoint.com/sites/marketing",
    displayName: "Marketing",
    sharepointIds: expect.objectContaining({ siteUrl: "https://contoso.sharepoint.com/sites/marketing" }),
    siteCollection: { hostname: "contoso.sharepoint.com" },
  });
  const names = async (text: string) => ((await sdk.api("/sites").query({ search: text }).get()) as { value: Site[] }).value.map(({ displayName }) => displayName); // prettier-ignore
  expect(await names("fin")).toEqual(["Finance"]);
  expect(await names("*")).toEqual(["Engineering", "Finance", "Lighthouse project", "Marketing", "Contoso"]);
  expect(await names("board")).toEqual([]);
});

test("Microsoft's client reads a site by its id and by its path, its libraries, its subsites and its documents", async () => {
  const sdk = await sdkFor(client, ALICE, SITES);
  const byPath = (await sdk.api("/sites/contoso.sharepoint.com:/sites/marketing").get()) as Site;
  const site = (await sdk.api(`/sites/${byPath.id}`).get()) as Site;
  expect(site).toEqual({ ...byPath, "@odata.context": expect.any(String) });
  const drives = (await sdk.api(`/sites/${site.id}/drives`).get()) as { value: Drive[] };
  expect(drives.value.map(({ name, driveType, webUrl }) => [name, driveType, webUrl])).toEqual([
    ["Documents", "documentLibrary", "https://contoso.sharepoint.com/sites/marketing/Shared%20Documents"],
    ["Brand Assets", "documentLibrary", "https://contoso.sharepoint.com/sites/marketing/Brand%20Assets"],
  ]);
  expect(drives.value[0]?.id).toMatch(/^b![\w-]{64}$/);
  const all = (await sdk.api(`/sites/${site.id}/drives`).select("id,name,system").get()) as { value: Drive[] };
  expect(all.value.filter(({ system }) => system).map(({ name }) => name)).toEqual(["Preservation Hold Library"]);

  const engineering = ((await sdk.api("/sites/contoso.sharepoint.com:/sites/engineering:/sites").get()) as { value: Site[] }).value;
  expect(engineering.map(({ webUrl }) => webUrl)).toEqual(["https://contoso.sharepoint.com/sites/engineering/lighthouse"]);
  const drive = (await sdk.api(`/sites/${site.id}/drive`).select("id,sharePointIds").get()) as Drive;
  expect(drive).toMatchObject({
    id: drives.value[0]?.id,
    sharePointIds: { siteId: site.id?.split(",")[1], webId: site.id?.split(",")[2] },
  });
  const root = ((await sdk.api("/sites/root/drive/root/children").get()) as PageCollection).value as DriveItem[];
  expect(root.map(({ name }) => name)).toEqual(["General", "Minutes", "Pictures"]);
});

test("Microsoft's client walks a library's delta, whose items say more than a OneDrive's, and reads bytes of it", async () => {
  const sdk = await sdkFor(client, ALICE, FILES);
  const [library] = ((await sdk.api("/sites/contoso.sharepoint.com:/sites/marketing:/drives").get()) as { value: Drive[] }).value;
  const { items, deltaLink } = await walk<DriveItem>(sdk, `/drives/${library?.id}/root/delta`);
  const tree = await client.tree(MARKETING);
  expect(new Set(items.filter(({ file }) => file).map(({ id }) => id))).toEqual(new Set(tree.map(({ id }) => id)));
  const plan = items.find(({ name }) => name === "Plan.docx");
  expect(plan).toMatchObject({
    cTag: expect.stringMatching(/^"c:\{[0-9A-F-]{36}\},1"$/),
    parentReference: { driveType: "documentLibrary", driveId: library?.id, path: `/drives/${library?.id}/root:/General` },
    webUrl: expect.stringMatching(/^https:\/\/contoso\.sharepoint\.com\/sites\/marketing\/_layouts\/15\/Doc\.aspx\?/),
  });
  const stream = (await sdk.api(`/drives/${library?.id}/items/${plan?.id}/content`).getStream()) as ReadableStream;
  expect((await new Response(stream).arrayBuffer()).byteLength).toBe(tree.find(({ id }) => id === plan?.id)?.size);
  await client.mutate(MARKETING, [{ op: "delete", path: "/General/README.md" }]);
  const gone = (await walk<DriveItem>(sdk, deltaLink)).items.find(({ deleted }) => deleted);
  expect(gone).toMatchObject({ parentReference: { driveType: "documentLibrary" }, deleted: { state: "deleted" } });
  const general = items.find(({ name }) => name === "General");
  await expect(sdk.api(`/drives/${library?.id}/items/${general?.id}/delta`).get()).rejects.toMatchObject({ statusCode: 501 });
});

test("Microsoft's client pages through many sites", async () => {
  const sdk = await sdkFor(client, "many@contoso.example", SITES);
  for (let n = 0; n < 7; n++) await change(`paged-${n}`, { title: `Paged ${n}`, followedBy: ["many@contoso.example"] });
  const followed = await walk<Site>(sdk, "/me/followedSites?$top=3");
  expect(followed.items.map(({ displayName }) => displayName)).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `Paged ${n}`));
  expect((await walk<Site>(sdk, "/sites?search=paged&$top=2")).items).toHaveLength(7);
});

test.each([
  [SCOPE, { followed: 403, search: 403, site: 403, drives: 403, delta: 403, own: 200 }],
  [FILES, { followed: 403, search: 403, site: 403, drives: 200, delta: 200, own: 200 }],
  [SITES, { followed: 200, search: 200, site: 200, drives: 200, delta: 200, own: 200 }],
])("with %s a token is let in as far as its scopes go", async (scope, expected) => {
  const { graph } = await client.as("scopes@contoso.example", scope);
  const { libraries } = await change("scoped", { libraries: ["documents"] });
  const status = async (path: string) => (await graph(path)).status;
  expect({
    followed: await status("/me/followedSites"),
    search: await status("/sites?search=marketing"),
    site: await status("/sites/root"),
    drives: await status("/sites/contoso.sharepoint.com:/sites/scoped:/drives"),
    delta: await status(`/drives/${libraries[0]?.driveId}/root/delta`),
    own: await status("/me/drive/root"),
  }).toEqual(expected);
});

test("a site that is locked, gone, or not for everybody says so, with its files' addresses too", async () => {
  const { graph, json } = await client.as("barred@contoso.example", SITES);
  const { id, libraries } = await change("barred", { libraries: ["documents"] });
  await client.mutate(libraries[0]?.account ?? "", [{ op: "create", path: "/a.txt", bytes: "a" }]);
  const drive = `/drives/${libraries[0]?.driveId}`;
  const item = await json<DriveItem & { "@microsoft.graph.downloadUrl": string }>(`${drive}/root:/a.txt`);
  const answers = async () => {
    const paths = [`/sites/${id}`, `/sites/${id}/drives`, drive, `${drive}/root/delta`];
    const all = await Promise.all(paths.map((path) => graph(path)));
    const codes = await Promise.all(all.map(async (one) => ((await one.json()) as { error?: { code: string } }).error?.code));
    return new Set([...all.map(({ status }) => status), (await client.request(item["@microsoft.graph.downloadUrl"])).status, ...codes]);
  };
  expect(await answers()).toEqual(new Set([200, undefined]));
  await change("barred", { state: "locked" });
  expect(await answers()).toEqual(new Set([423, "notAllowed"]));
  await change("barred", { state: "deleted" });
  expect(await answers()).toEqual(new Set([404, "itemNotFound"]));
  await change("barred", { state: "open", members: ["somebody@contoso.example"] });
  expect(await answers()).toEqual(new Set([403, "accessDenied"]));
  // Whoever is of another organisation, or of none.
  expect((await (await client.as("barred@outlook.example", FILES)).graph(`${drive}/root`)).status).toBe(404);
});

test("Microsoft's client subscribes to a library, and is told of its changes and of no other's", async () => {
  const sdk = await sdkFor(client, "told@contoso.example", SITES);
  const made = await change("told", { libraries: ["documents", "others"] });
  const resource = `drives/${made.libraries[0]?.driveId}/root`;
  const wish: Subscription = {
    changeType: "updated",
    notificationUrl: "https://tidemark.example/webhooks/microsoft",
    resource,
    expirationDateTime: new Date(Date.now() + 3_600_000).toISOString(),
    clientState: "ours",
  };
  expect(await sdk.api("/subscriptions").post(wish)).toMatchObject({ resource });
  await client.mutate(made.libraries[1]?.account ?? "", [{ op: "create", path: "/a.txt", bytes: "a" }]);
  await client.mutate(made.libraries[0]?.account ?? "", [{ op: "create", path: "/a.txt", bytes: "a" }]);
  await expect.poll(() => delivered.filter((body) => body.includes("ours")).length).toBe(1);
  expect(JSON.parse(delivered.find((body) => body.includes("ours")) ?? "")).toMatchObject({ value: [{ resource, clientState: "ours" }] });
  await change("told", { members: [] });
  const denied = sdk.api("/subscriptions").post({ ...wish, clientState: "again" });
  await expect(denied).rejects.toMatchObject({ statusCode: 403 });
});

test("Microsoft's client asks for several libraries in one batch", async () => {
  const sdk = await sdkFor(client, ALICE, SITES);
  const { libraries } = await change("batched", { libraries: ["documents", "plans"] });
  const steps = [...libraries.map(({ driveId }) => driveId), "b!nothing"].map((id, n) => ({
    id: String(n),
    request: new Request(`https://graph.microsoft.com/drives/${id}?$select=id,name`),
  }));
  const content = await new BatchRequestContent(steps).getContent();
  const answer = new BatchResponseContent(
    (await sdk.api("/$batch").post(content)) as ConstructorParameters<typeof BatchResponseContent>[0],
  );
  expect(((await answer.getResponseById("1").json()) as Drive).name).toBe("Plans");
  expect(answer.getResponseById("2").status).toBe(404);
});

test("where ordinary people cannot allow it, an administrator does for everybody, and only what was asked", async () => {
  const clientId = "99999999-2222-4333-8444-555555555555";
  await client.control("POST", "/faults", { name: "all-scopes-need-admin" });
  const begin = async (scope: string) => {
    const answer = await client.authorize({ login_hint: "ordinary@contoso.example", client_id: clientId, scope });
    return new URL(answer.headers.get("location") ?? "").searchParams;
  };
  expect((await begin(SCOPE)).has("code")).toBe(true);
  expect((await begin(SITES)).get("error_description")).toContain("AADSTS90094");
  const query = new URLSearchParams({
    client_id: clientId,
    scope: SITES,
    redirect_uri: "https://tidemark.example/auth/microsoft/callback",
  });
  const consented = await client.request(`https://login.microsoftonline.com/organizations/v2.0/adminconsent?${query}`);
  expect(new URL(consented.headers.get("location") ?? "").searchParams.get("admin_consent")).toBe("True");
  expect((await begin(SITES)).has("code")).toBe(true);
  expect((await begin(FILES)).get("error")).toBe("access_denied");
});

test("a library is nobody who could sign in", async () => {
  const answer = await client.authorize({ login_hint: MARKETING, scope: SITES });
  expect([answer.status, answer.headers.get("location")]).toEqual([200, null]);
  expect(await answer.text()).not.toContain("contoso-sites");
});
