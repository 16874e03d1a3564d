import { describe } from "vitest";
import { attachmentItemId, documentId } from "../../worker/providers/jira/ids.ts";
import { type Exceptions, type Fixture, providerContract } from "./contract.ts";
import { placeOf, SandboxJira } from "./sandbox-jira.ts";

// A project as a drive: a folder is an issue, and its files are the attachments. Jira renames, moves and restores none of these: a person
// uploads the file again.

const EXCEPTIONS: Exceptions = {
  hashes: "Jira tells no hashes.",
  expiringCursors: "Jira keeps no cursors: where its mark within a list was forgotten, only that list begins anew.",
  subscriptions: "Jira grants thirty days, whatever is asked: see the test of webhooks.",
};

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const summaryOf = (folder: string): string => `Folder ${folder.replaceAll("/", ":")}:`;

async function open(asApp: boolean, faults: readonly string[] = []): Promise<Fixture> {
  const jira = await SandboxJira.open();
  const provider = asApp ? jira.provider : await jira.withApiToken();
  await jira.mutate({ op: "project", key: "DRV", name: "Drive" });
  for (const name of faults) await jira.fault({ name });
  const site = asApp ? jira.cloudId : `${jira.account.slice(0, jira.account.indexOf("@"))}.atlassian.net`;
  const folders = new Map<string, Promise<string>>();
  const files = new Map<string, { attachment: string; issue: string; content: string }>();
  const removed = new Map<string, { path: string; content: string }>();

  const issueOf = (folder: string): Promise<string> => {
    const issue = folders.get(folder) ?? jira.mutate({ op: "create", project: "DRV", summary: summaryOf(folder) }).then(([id]) => id ?? "");
    folders.set(folder, issue);
    return issue;
  };
  const idAt = (path: string): string => {
    const { issue = "", attachment = "" } = files.get(path) ?? {};
    return attachmentItemId(site, issue, attachment);
  };
  const remove = async (path: string): Promise<void> => {
    for (const [at, { attachment, content }] of files) {
      if (at !== path && !at.startsWith(`${path}/`)) continue;
      removed.set(idAt(at), { path: at, content });
      files.delete(at);
      await jira.mutate({ op: "detach", attachment: Number(attachment) });
    }
  };
  const put = async (path: string, content: string): Promise<string> => {
    if (files.has(path)) await remove(path);
    const issue = await issueOf(folderOf(path));
    const [attachment = ""] = await jira.mutate({ op: "attach", issue, name: nameOf(path), bytes: content });
    files.set(path, { attachment, issue, content });
    return idAt(path);
  };
  const relocate = async (from: string, to: string): Promise<void> => {
    const file = files.get(from);
    if (file) {
      await remove(from);
      await put(to, file.content);
      return;
    }
    const below = (path: string) => path === from || path.startsWith(`${from}/`);
    for (const [folder, issue] of [...folders].filter(([path]) => below(path))) {
      folders.delete(folder);
      folders.set(to + folder.slice(from.length), issue);
      await jira.mutate({ op: "edit", issue: await issue, fields: { summary: summaryOf(to + folder.slice(from.length)) } });
    }
    for (const [path, value] of [...files].filter(([at]) => below(at))) {
      files.delete(path);
      files.set(to + path.slice(from.length), value);
    }
  };
  return {
    provider,
    put,
    remove,
    rename: (path, name) => relocate(path, `${folderOf(path)}/${name}`),
    move: (path, folder) => relocate(path, `${folder}/${nameOf(path)}`),
    restore: async (id) => {
      const { path = "", content = "" } = removed.get(id) ?? {};
      await put(path, content);
    },
    files: async () => {
      const { issues } = await jira.state();
      const attached = issues.flatMap((issue) =>
        issue.attachments.map(({ id, name, sha256 }) => ({
          id: attachmentItemId(site, issue.id, id),
          path: `${placeOf(issue)}/${name}`,
          sha256,
        })),
      );
      const texts = issues.map((issue) => ({
        id: documentId(site, issue.id),
        path: `${placeOf(issue)}/${nameOf(placeOf(issue))}.md`,
        sha256: "",
      }));
      return [...attached, ...texts];
    },
    expireCursors: () => jira.expireTokens(),
    throttleOnce: () => jira.fault({ name: "atlassian-throttled", times: 1 }),
    revoke: () => jira.revoke(),
  };
}

describe("Jira", () => providerContract(() => open(true), EXCEPTIONS));
describe("Jira, by an API token", () => providerContract(() => open(false), EXCEPTIONS));
describe("Jira with small pages, and redirects", () => {
  providerContract(() => open(true, ["atlassian-jira-small-pages", "atlassian-jira-redirects"]), EXCEPTIONS);
});
