import { expect, test } from "vitest";
import type { Entry } from "../../worker/providers/provider.ts";
import { feedIdOf } from "../../worker/providers/jira/ids.ts";
import { providers } from "../../worker/providers/registry.ts";
import { applyRound, feedOf } from "./contract.ts";
import { GoogleAccount } from "./google-account.ts";
import { SandboxCloud } from "./sandbox-cloud.ts";
import { SandboxDrive } from "./sandbox-drive.ts";
import { SandboxDropbox } from "./sandbox-dropbox.ts";
import { SandboxMail } from "../support/sandbox-mail.ts";
import { SandboxJira } from "./sandbox-jira.ts";

// The source is never written to: nothing is asked for that could, and no permission is asked that would allow it.

/** All that changes anything at the vendor: our own subscriptions to its notifications. A batch holds looks at items only. */
const NOT_A_LOOK = /^(POST .*\/\$batch|(POST|PATCH|DELETE) .*\/subscriptions(\/.*)?)$/;

/** Every call at Dropbox is a POST: these only answer. */
const DROPBOX_LOOKS = [
  "/2/users/get_current_account",
  "/2/users/get_space_usage",
  "/2/files/list_folder",
  "/2/files/list_folder/continue",
  "/2/files/get_metadata",
  "/2/files/download",
  "/2/files/export",
];

test.each([
  ["a OneDrive", () => SandboxDrive.open("contoso.example", "read-only")],
  ["a library of SharePoint", () => SandboxDrive.openLibrary()],
])("%s is only looked at", async (_what, open) => {
  const drive = await open();
  const ids = await drive.mutate(
    { op: "create", path: "/a.txt", bytes: 10 },
    { op: "create", path: "/f/b.txt", bytes: 10 },
    { op: "delete", path: "/a.txt" },
  );
  const before = await drive.tree();
  const { provider } = drive;
  const feedId = await drive.feedId();
  const known = new Map<string, Entry>();
  await provider.account();
  await provider.checks?.();
  for (const entry of (await provider.browse?.list(null, null))?.entries ?? []) await provider.browse?.list(entry, null);
  await provider.feeds([feedId]);
  const cursor = await applyRound(provider, feedId, null, known);
  await applyRound(provider, feedId, cursor, known);
  await provider.lookup(feedId, [...new Set([...ids, ...known.keys()])]);
  for (const { id, kind, download } of known.values()) {
    if (kind === "file") await new Response((await provider.open({ id, feedId, ...(download && { download }) })).body).arrayBuffer();
  }
  const request = { feedId, notificationUrl: "https://tidemark.example/webhooks/x", clientState: "proof", expiresAt: Date.now() + 60_000 };
  const subscription = await provider.webhook?.subscribe(request);
  await provider.webhook?.renew?.(subscription?.id ?? "", Date.now() + 120_000);
  await provider.webhook?.unsubscribe(subscription?.id ?? "");

  const asked = (await drive.asked()).filter(({ method, route }) => method !== "GET" && !route.includes("oauth2"));
  expect(asked.map(({ method, route }) => `${method} ${route}`).filter((each) => !NOT_A_LOOK.test(each))).toEqual([]);
  expect(asked.length).toBeGreaterThan(0);
  expect(await drive.tree()).toEqual(before);
});

test("a Dropbox is only looked at", async () => {
  const drive = await SandboxDropbox.open("dropbox.example", "read-only");
  const ids = await drive.mutate(
    { op: "create", path: "/a.txt", bytes: 10 },
    { op: "create", path: "/f/b.paper", bytes: "b" },
    { op: "create", path: "/gone.txt", bytes: 10 },
    { op: "delete", path: "/gone.txt" },
  );
  const before = await drive.tree();
  const { provider } = drive;
  const feedId = await drive.feedId();
  const known = new Map<string, Entry>();
  await provider.account();
  await provider.checks?.();
  const cursor = await applyRound(provider, feedId, null, known);
  await applyRound(provider, feedId, cursor, known);
  await provider.lookup(feedId, [...new Set(ids)]);
  await provider.browse?.list(null, null);
  await provider.browse?.list({ id: `ns:${feedId}`, feedId }, null);
  for (const { id, kind, download } of known.values()) {
    if (kind === "file") await new Response((await provider.open({ id, feedId, ...(download && { download }) })).body).arrayBuffer();
  }
  const asked = (await drive.asked()).filter(({ route }) => !route.startsWith("/oauth2/"));
  expect(new Set(asked.map(({ route }) => route))).toEqual(new Set(DROPBOX_LOOKS));
  expect(await drive.tree()).toEqual(before);
});

test("a Google Drive is only looked at", async () => {
  const account = await GoogleAccount.ofSharedDrive();
  const ids = await account.mutate(
    { op: "create", path: "/a.txt", bytes: 10 },
    { op: "create", path: "/f/b.txt", bytes: 10 },
    { op: "create", path: "/f/Plan.gdoc", bytes: "plan" },
    { op: "delete", path: "/a.txt" },
  );
  const before = await account.tree();
  const provider = account.provider();
  const { feedId } = account;
  const known = new Map<string, Entry>();
  await provider.account();
  await provider.checks?.();
  await provider.browse?.list(null, null);
  await provider.browse?.search?.("d", null);
  await provider.feeds([feedId]);
  const cursor = await applyRound(provider, feedId, null, known);
  await applyRound(provider, feedId, cursor, known);
  await provider.lookup(feedId, [...new Set(ids)]);
  for (const { id, kind } of known.values())
    if (kind === "file") await new Response((await provider.open({ id, feedId })).body).arrayBuffer();
  const request = { feedId, notificationUrl: "https://tidemark.example/webhooks/x", clientState: "proof", expiresAt: Date.now() + 60_000 };
  await provider.webhook?.unsubscribe((await provider.webhook.subscribe(request)).id);

  const asked = Object.keys(await account.asked()).filter((each) => !each.startsWith("GET "));
  expect(asked.sort()).toEqual(["POST /drive/v3/changes/watch", "POST /drive/v3/channels/stop", "POST /token"]);
  expect(await account.tree()).toEqual(before);
});

test("a Nextcloud and an ownCloud are only looked at, a folder at a time", async () => {
  for (const domain of ["nextcloud.example", "owncloud.example"] as const) {
    const cloud = await SandboxCloud.open(domain, "read-only");
    const ids = await cloud.mutate(
      { op: "create", path: "/a.txt", bytes: "a" },
      { op: "create", path: "/f/b.txt", bytes: "b" },
      { op: "delete", path: "/a.txt" },
    );
    const before = await cloud.tree();
    const { provider } = cloud;
    await provider.account();
    await provider.checks?.();
    const feedId = await feedOf(provider);
    const known = new Map<string, Entry>();
    const cursor = await applyRound(provider, feedId, null, known);
    await applyRound(provider, feedId, cursor, known);
    await provider.lookup(feedId, [...new Set(ids)]);
    for (const { id, root } of known.values()) if (root) await provider.browse?.list({ id, feedId }, null);
    for (const { id, kind, download } of known.values()) {
      if (kind === "file") await new Response((await provider.open({ id, feedId, ...(download && { download }) })).body).arrayBuffer();
    }
    const { asked } = cloud;
    expect(new Set(asked.map(({ method }) => method))).toEqual(
      new Set(domain === "nextcloud.example" ? ["GET", "PROPFIND", "SEARCH"] : ["GET", "PROPFIND"]),
    );
    expect(asked.filter(({ method, headers }) => method === "PROPFIND" && !/^[01]$/.test(headers.get("Depth") ?? ""))).toEqual([]);
    expect(await cloud.tree()).toEqual(before);
  }
});

test("mail is only looked at: no mailbox is selected to write to, and no mail becomes a read one", async () => {
  const mail = await SandboxMail.open();
  const before = await mail.boxes();
  const provider = mail.provider();
  await provider.account();
  await provider.checks?.();
  await provider.browse?.list(null, null);
  await provider.feeds(["INBOX"]);
  const known = new Map<string, Entry>();
  const cursor = await applyRound(provider, "INBOX", null, known);
  await applyRound(provider, "INBOX", cursor, known);
  await provider.lookup("INBOX", [...known.keys()].slice(0, provider.facts.lookupMax));
  for (const { id, kind } of known.values())
    if (kind === "file") await new Response((await provider.open({ id, feedId: "INBOX" })).body).arrayBuffer();
  const looks = new Set(["ENABLE", "EXAMINE", "FETCH", "ID", "LIST", "LOGOUT", "LSUB", "NAMESPACE", "SEARCH", "STATUS"]);
  expect(Object.keys(await mail.asked()).filter((command) => !looks.has(command))).toEqual([]);
  expect(await mail.asked()).toMatchObject({ EXAMINE: expect.any(Number), FETCH: expect.any(Number) });
  expect(await mail.boxes()).toEqual(before);
});

test("a Jira is only looked at", async () => {
  const jira = await SandboxJira.open("read-only");
  const [projectId = "", id = ""] = await jira.mutate(
    { op: "project", key: "AB", name: "Alpha" },
    { op: "create", project: "AB", summary: "one" },
    { op: "attach", issue: "AB-1", name: "a.txt", bytes: "a" },
  );
  const before = await jira.state();
  const provider = jira.withOptions({ jql: "status != Done" });
  const feedId = feedIdOf({ siteId: jira.cloudId, projectId });
  const known = new Map<string, Entry>();
  await provider.account();
  await provider.checks?.();
  await provider.browse?.list(null, null);
  await provider.browse?.search?.("a", null);
  await provider.feeds([feedId]);
  const cursor = await applyRound(provider, feedId, null, known);
  await jira.mutate({ op: "comment", issue: id, body: "said" });
  await applyRound(provider, feedId, cursor, known);
  await provider.lookup(feedId, [...known.keys()]);
  for (const entry of known.values())
    if (entry.kind === "file") await new Response((await provider.open({ id: entry.id, feedId })).body).arrayBuffer();
  const request = { feedId, notificationUrl: "https://tidemark.example/webhooks/x", clientState: "proof", expiresAt: Date.now() + 60_000 };
  const made = await provider.webhook?.subscribe(request);
  await provider.webhook?.renew?.(made?.id ?? "", Date.now());
  await provider.webhook?.unsubscribe(made?.id ?? "");

  const asked = (await jira.asked()).filter(({ method, host }) => method !== "GET" && host === "api.atlassian.com");
  expect(asked.map(({ method, route }) => `${method} ${route.replace("/ex/jira/{cloudId}/rest/api/3", "")}`).sort()).toEqual([
    "DELETE /webhook",
    "POST /issue/bulkfetch",
    "POST /jql/match",
    "POST /jql/parse",
    "POST /search/jql",
    "POST /webhook",
    "PUT /webhook/refresh",
  ]);
  expect((await jira.state()).issues.map(({ attachments }) => attachments)).toEqual(before.issues.map(({ attachments }) => attachments));
});

test("no permission to write is asked for", () => {
  const all = [...providers.values()].flatMap(({ methods }) =>
    methods.flatMap((method) => (method.type === "oauth2" ? method.scopes : [])),
  );
  // Lets an app make webhooks of its own, and change nothing else.
  const asked = all.filter((scope) => scope !== "manage:jira-webhook");
  expect(asked.filter((scope) => /write|manage|fullcontrol|:edit|\.content\.write/i.test(scope))).toEqual([]);
  expect(asked.some((scope) => scope.startsWith("Files.Read"))).toBe(true);
  expect(asked.filter((scope) => /auth\/drive(\.(file|appdata|metadata|scripts))?$/.test(scope))).toEqual([]);
});
