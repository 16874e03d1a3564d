import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Client } from "./support/client.ts";
import { Tidemark } from "./support/tidemark.ts";

// One person with a source of each kind, all of them begun at once.

const PERSON = "alice@contoso.example";
const LIBRARY = "marketing.documents@contoso-sites.example";
const LEO = "leo@atlassian.example";
const RUN_SECONDS = 240;
const TIDE_TABLE = "High water at noon.\n";

interface Source {
  provider: string;
  /** Who it is at the vendor. */
  account: string;
  /** Where a sync does not begin by itself: what is picked, by names from where picking begins. */
  picks?: readonly string[];
  /** Of a source that is connected by a form: what is filled in. */
  fields?: (tidemark: Tidemark) => Promise<Record<string, string>>;
  /** Files that exist only in the vendor's editors, by their ending in the sandbox: the ending of what they are exported as, null where they cannot be. */
  exports?: Readonly<Record<string, string | null>>;
  /** Where the source is other than what the sandbox has in the account's drive: what it has, by paths as the mirror has them. */
  truth?: (tidemark: Tidemark) => Promise<{ path: string; sha256?: string }[]>;
}

const SOURCES: readonly Source[] = [
  { provider: "onedrive", account: PERSON },
  { provider: "sharepoint", account: PERSON, picks: ["Marketing", "Documents"], truth: (tidemark) => tidemark.sandbox.tree(LIBRARY) },
  {
    provider: "google-drive",
    account: "carol@gmail.example",
    exports: { ".gdoc": ".docx", ".gsheet": ".xlsx", ".gslides": ".pptx", ".gdraw": ".png", ".gform": null, ".gshortcut": null },
  },
  {
    provider: "dropbox",
    account: "dora@dropbox.example",
    exports: { ".paper": ".paper", ".gsheet": ".gsheet", ".gmap": null },
  },
  { provider: "webdav", account: "alice@nextcloud.example", fields: nextcloudFields },
  { provider: "confluence", account: LEO, picks: ["Projects"], exports: { ".md": ".md" }, truth: pagesOf },
  { provider: "jira", account: LEO, picks: ["Harbour works (HAR)"], exports: { ".md": ".md" }, truth: issuesOf },
  { provider: "autodesk", account: "erin@autodesk.example", picks: ["Harbour Construction", "Quay"], truth: modelsOf },
  { provider: "imap", account: "dora@mailbox.example", picks: ["Archive"], fields: mailFields, truth: mailsOf },
];

describe("a person with a source of each kind", () => {
  let tidemark: Tidemark;
  let client: Client;
  const connections = new Map<string, string>();
  const syncs = new Map<string, string>();
  let providers: { id: string; capabilities: { search: boolean } }[];

  beforeAll(async () => {
    tidemark = await Tidemark.start();
    ({ client } = await tidemark.signIn(PERSON));
  });

  afterAll(() => tidemark?.stop());

  it("is asked by nobody to leave one out", async () => {
    ({ items: providers } = await client.get<{ items: typeof providers }>("/api/v1/providers"));
    expect(SOURCES.map(({ provider }) => provider).sort()).toEqual(providers.map(({ id }) => id).sort());
  });

  it.each(SOURCES)("connects $provider, and it works", async ({ provider, account, fields }) => {
    const connectionId = fields
      ? await client.connectByForm(provider, await fields(tidemark))
      : await client.connectBySignIn(provider, account);
    connections.set(provider, connectionId);
    const test = await client.send<{ ok: boolean; message: string }>("POST", `/api/v1/connections/${connectionId}/test`);
    expect(test).toMatchObject({ ok: true });
    expect((await client.browse(connectionId)).length).toBeGreaterThan(0);
    const { status } = await client.raw(`/api/v1/connections/${connectionId}/browse?search=a`);
    expect(status === 200, "its folders are searched where it says that they can be").toBe(
      providers.find(({ id }) => id === provider)?.capabilities.search,
    );
  });

  it("has every run completed", async () => {
    for (const { provider, picks } of SOURCES) syncs.set(provider, await client.syncOf(connections.get(provider) ?? "", picks));
    await Promise.all([...syncs.values()].map((id) => client.send("POST", `/api/v1/syncs/${id}/run`, { full: true })));
    const runs = await Promise.all([...syncs].map(async ([provider, id]) => [provider, await client.untilIdle(id, RUN_SECONDS)] as const));
    expect(runs.map(([provider, { status }]) => `${provider} ${status}`)).toEqual(runs.map(([provider]) => `${provider} completed`));
  });

  it.each(SOURCES)("has all of $provider", async ({ provider, account, exports = {}, truth }) => {
    const there = truth ? await truth(tidemark) : await tidemark.sandbox.tree(account);
    const stored = (await client.items(syncs.get(provider) ?? "")).filter(({ kind, state }) => kind === "file" && state === "stored");
    const exported = there.flatMap(({ path }) => exportedAs(path, exports) ?? []);
    const expected = there.filter(({ path }) => exportedAs(path, exports) === undefined).map(({ path, sha256 }) => `${path} ${sha256}`);
    // What the vendor makes when it is asked for is there; what is in it, the tests of that vendor compare.
    expect(stored.map(({ path, sha256 }) => (exported.includes(path) ? path : `${path} ${sha256}`)).sort()).toEqual(
      [...expected, ...exported].sort(),
    );
  });

  it.each(SOURCES)("disconnects $provider, and keeps the copy", async ({ provider }) => {
    const connectionId = connections.get(provider) ?? "";
    expect(await client.send("DELETE", `/api/v1/connections/${connectionId}`)).toMatchObject({ status: "revoked" });
    const first = (await client.items(syncs.get(provider) ?? "")).find(({ kind, state }) => kind === "file" && state === "stored");
    expect(await client.digest(first?.id ?? "")).toBe(first?.sha256);
  });
});

/** Where the export of a file is kept: null where there is none, undefined where the file is what it is. */
function exportedAs(path: string, exports: Readonly<Record<string, string | null>>): string | null | undefined {
  const ending = path.slice(path.lastIndexOf("."));
  const other = exports[ending];
  return other == null ? other : `${path.slice(0, -ending.length)}${other}`;
}

/** Each page's text, and what is attached to it, in a space without pages below pages. */
async function pagesOf({ sandbox }: Tidemark): Promise<{ path: string; sha256?: string }[]> {
  type Content = { id: string; kind: string; title: string; parent: string | null; space: string; sha256?: string };
  const { spaces, contents } = await sandbox.call<{ spaces: { id: string; name: string }[]; contents: Content[] }>(
    "GET",
    `/atlassian/confluence/${LEO}/tree`,
  );
  const inSpace = contents.filter(({ space }) => space === spaces.find(({ name }) => name === "Projects")?.id);
  return inSpace.map(({ kind, title, parent, sha256 }) => {
    if (kind === "page") return { path: `/${title}/${title}.md` };
    return { path: `/${inSpace.find(({ id }) => id === parent)?.title}/${title}`, ...(sha256 !== undefined && { sha256 }) };
  });
}

/** What has a file: a cloud model that was never published has none. */
async function modelsOf({ sandbox }: Tidemark): Promise<{ path: string; sha256: string }[]> {
  return (await sandbox.tree("quay@autodesk-projects.example")).filter(({ path }) => !path.includes("(cloud model)"));
}

/** Each issue's text, and what is attached to it. */
async function issuesOf({ sandbox }: Tidemark): Promise<{ path: string; sha256?: string }[]> {
  type Issue = { key: string; summary: string; attachments: { name: string; sha256: string }[] };
  const { issues } = await sandbox.call<{ issues: Issue[] }>("GET", `/atlassian/jira/${LEO}/issues`);
  return issues
    .filter(({ key }) => key.startsWith("HAR-"))
    .flatMap(({ key, summary, attachments }) => {
      const folder = `/HAR-1 to 99/${key} ${summary}`;
      return [
        { path: `${folder}/${key} ${summary}.md` },
        ...attachments.map(({ name, sha256 }) => ({ path: `${folder}/${name}`, sha256 })),
      ];
    });
}

/** A mail with an attachment, and what is filled in to read it. */
async function mailFields({ sandbox }: Tidemark): Promise<Record<string, string>> {
  await sandbox.call("POST", `/mail/dora@mailbox.example/deliver`, {
    box: "Archive",
    subject: "Tides",
    files: { "table.txt": TIDE_TABLE },
  });
  const { port } = await sandbox.call<{ port: number }>("GET", "/mail/");
  return { host: "localhost", port: String(port), security: "none", user: "dora@mailbox.example", password: "sandbox" };
}

async function mailsOf({ sandbox }: Tidemark): Promise<{ path: string; sha256: string }[]> {
  type Box = { path: string; mails: { uid: number; received: number; sha256: string }[] };
  const { boxes } = await sandbox.call<{ boxes: Box[] }>("GET", "/mail/dora@mailbox.example");
  const mails = boxes.find(({ path }) => path === "Archive")?.mails ?? [];
  return mails.flatMap(({ uid, received, sha256 }) => {
    const name = `${new Date(received).toISOString().slice(0, 16).replace("T", " ").replace(":", ".")} Tides (${uid})`;
    const attached = createHash("sha256").update(TIDE_TABLE).digest("hex");
    return [
      { path: `/${name}.eml`, sha256 },
      { path: `/${name} attachments/table.txt`, sha256: attached },
    ];
  });
}

async function nextcloudFields({ sandbox, sandboxOrigin }: Tidemark): Promise<Record<string, string>> {
  const signIn = await sandbox.call<{ user: string; password: string }>("GET", "/nextcloud/password/alice@nextcloud.example");
  return { address: `${sandboxOrigin}/cloud.nextcloud.example`, ...signIn };
}
