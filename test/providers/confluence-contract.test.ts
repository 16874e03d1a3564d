import { describe } from "vitest";
import { type Exceptions, type Fixture, providerContract } from "./contract.ts";
import { SandboxConfluence, type Way } from "./sandbox-confluence.ts";

const EXCEPTIONS: Exceptions = {
  hashes: "Confluence tells no hash of anything: a version's number stands for its content.",
  expiringCursors: "What has changed is searched for by time, which does not expire.",
  subscriptions: "Confluence tells only apps that are installed at a site of changes.",
  removals: "Nothing tells what was moved, removed or restored, but a listing.",
};

/** Files are attachments, and folders the pages that they are attached to, below a page at the top of the space. */
async function open(way: Way): Promise<Fixture> {
  const site = await SandboxConfluence.open(way);
  const top = await site.page("Top");
  const titles = (path: string): string[] => path.split("/").filter((part) => part !== "");
  const find = async (path: string): Promise<string | undefined> => {
    const { contents } = await site.tree();
    let at: string | undefined = top;
    for (const title of titles(path)) at = contents.find((one) => one.parent === at && one.title === title && one.status === "current")?.id;
    return at;
  };
  const found = async (path: string): Promise<string> => (await find(path)) ?? Promise.reject(new Error(`There is no ${path}.`));
  const folder = async (path: string): Promise<string> => {
    let at = top;
    const names = titles(path);
    for (const [index, title] of names.entries())
      at = (await find(names.slice(0, index + 1).join("/"))) ?? (await site.page(title, { parent: at, body: "" }));
    return at;
  };
  const provider = site.provider();
  return {
    provider,
    put: async (path, content) => {
      const names = titles(path);
      const page = await folder(names.slice(0, -1).join("/"));
      return `${site.siteId}/${await site.change({ op: "attach", page, title: names.at(-1), bytes: content })}`;
    },
    rename: async (path, name) => void (await site.change({ op: "edit", id: await found(path), title: name })),
    move: async (path, to) => void (await site.change({ op: "move", id: await found(path), parent: await folder(to) })),
    remove: async (path) => void (await site.change({ op: "trash", id: await found(path) })),
    restore: async (id) => void (await site.change({ op: "restore", id: id.split("/").at(-1) })),
    // What is attached first: the page at the top has a file of its own.
    files: async () => (await site.files()).toSorted((one, other) => Number(one.path.endsWith(".md")) - Number(other.path.endsWith(".md"))),
    expireCursors: () => site.expireCursors(),
    expireAddresses: () => site.fault("atlassian-confluence-version-gone", { times: 1 }),
    throttleOnce: () => site.fault("atlassian-throttled", { times: 1 }),
    revoke: () => site.revoke(),
  };
}

describe("Confluence, by a sign-in", () => providerContract(() => open("sign-in"), EXCEPTIONS));
describe("Confluence, by an API token", () => providerContract(() => open("token"), EXCEPTIONS));
