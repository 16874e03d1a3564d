import type { ImapFlow, ListResponse } from "imapflow";
import { ProviderError } from "../errors.ts";
import type { BrowseEntry, BrowsePage, BrowseParent, FeedRef } from "../provider.ts";
import { rootId } from "./ids.ts";

// The folders of an account: each that can hold mail is a feed. imapflow reads their names, whichever way they are written.

/** Holds every mail once more, what is thrown away or unwanted, or a choice of what is elsewhere. */
const LEFT_OUT = ["\\All", "\\Junk", "\\Trash", "\\Flagged", "\\Important"];
const UNSELECTABLE = ["\\Noselect", "\\NonExistent"];
const FOLDERS_MAX = 10_000;
/** Folders whose mails are counted for the picker: some servers are asked for each. */
const COUNTED_MAX = 100;
/** Whatever its case at the server. */
const INBOX = "INBOX";
/** Begins the id of a folder that only holds others. */
const WAY = "way:";

/** Those of `chosen` that are there; without a choice, all but what holds mails twice or unwanted ones. */
export async function feeds(client: ImapFlow, chosen?: readonly string[]): Promise<FeedRef[]> {
  const folders = (await list(client)).filter(isSelectable);
  const followed = chosen ? folders.filter(({ path }) => chosen.includes(path)) : unlessTwice(client, folders);
  return followed.map((folder) => ({ id: folder.path, name: nameOf(folder) }));
}

/** At Gmail folders are labels: one mail may be in many, and one without a label is only among all of them. */
function unlessTwice(client: ImapFlow, folders: ListResponse[]): ListResponse[] {
  const all = client.capabilities.has("X-GM-EXT-1") ? folders.filter(({ specialUse }) => specialUse === "\\All") : [];
  return all.length > 0 ? all : folders.filter((folder) => !isLeftOut(folder));
}

function isLeftOut(folder: ListResponse): boolean {
  return LEFT_OUT.some((use) => folder.specialUse === use || folder.flags.has(use));
}

/** The folders directly below one; of none, the outermost. */
export async function browse(client: ImapFlow, parent: BrowseParent | null): Promise<BrowsePage> {
  const folders = await list(client);
  const above = parent === null ? "" : (parent.feedId ?? pathOfWay(parent.id));
  if (parent !== null && !folders.some(({ path }) => path === above)) throw new ProviderError("not_found", "There is no such folder.");
  const paths = new Set(folders.map(({ path }) => path));
  // What is below a folder that is not listed is shown where that one would be.
  const below = (folder: ListResponse) => (paths.has(folder.parentPath) ? folder.parentPath : "") === above;
  const hasBelow = new Set(folders.map(({ parentPath }) => parentPath));
  const shown = folders.filter(below);
  const counts = await count(client, shown.filter(isSelectable).slice(0, COUNTED_MAX));
  return { entries: shown.map((folder) => toEntry(folder, hasBelow.has(folder.path), counts.get(folder.path))), cursor: null };
}

function toEntry(folder: ListResponse, hasChildren: boolean, mails: number | undefined): BrowseEntry {
  const { path } = folder;
  const name = parentless(folder) ? nameOf(folder) : folder.name;
  if (!isSelectable(folder)) return { id: `${WAY}${path}`, name, kind: "folder", hasChildren };
  return { id: rootId(path), feedId: path, whole: true, name, kind: "folder", hasChildren, ...(mails !== undefined && { items: mails }) };
}

async function count(client: ImapFlow, folders: readonly ListResponse[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { path } of folders) {
    const status = await client.status(path, { messages: true });
    if (status && status.messages !== undefined) counts.set(path, status.messages);
  }
  return counts;
}

/** The name of a folder, by its path. */
export function feedName(path: string): string {
  return path === INBOX ? "Inbox" : path;
}

export async function list(client: ImapFlow): Promise<ListResponse[]> {
  const folders = await client.list({ listOnly: true });
  if (!Array.isArray(folders) || folders.length === 0) throw new ProviderError("transient", "The server does not list its folders.");
  if (folders.length > FOLDERS_MAX) throw new ProviderError("unsupported", `The account has more than ${FOLDERS_MAX} folders.`);
  return folders.filter(({ flags }) => !flags.has("\\NonExistent")).toSorted(inboxFirst);
}

function inboxFirst(one: ListResponse, other: ListResponse): number {
  return Number(other.path === INBOX) - Number(one.path === INBOX) || one.path.localeCompare(other.path, "en");
}

export function isSelectable({ flags }: ListResponse): boolean {
  return ![...flags].some((flag) => UNSELECTABLE.some((other) => other.toLowerCase() === flag.toLowerCase()));
}

function nameOf({ path, delimiter }: ListResponse): string {
  return path === INBOX || !delimiter ? feedName(path) : path.split(delimiter).join(" / ");
}

function parentless({ parentPath }: ListResponse): boolean {
  return parentPath === "";
}

function pathOfWay(id: string): string {
  return id.startsWith(WAY) ? id.slice(WAY.length) : "";
}
