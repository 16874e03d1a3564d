import { Refusal } from "../answers.ts";
import { foldName, ROOT_N, type Item } from "../drives/store.ts";
import type { Account } from "./accounts.ts";
import { errorAnswer, textAnswer } from "./answers.ts";
import type { DropboxTools } from "./context.ts";

/** A drive in a namespace: the namespace's own, or one that is mounted at a path in it. */
export type Part = { owner: Account; prefix: string };

/** What paths are relative to: its own drive first. */
export type Namespace = { id: string; parts: readonly [Part, ...Part[]] };

/** Where something is in a namespace. `item` undefined: nothing is there. */
export type Found = { part: Part; item: Item; display: string };

type NamespaceTools = Pick<DropboxTools, "accounts" | "db" | "drives">;

export const rootInfo = (tools: NamespaceTools, account: Account): Record<string, unknown> => {
  const space = spaceOf(tools, account);
  const home = account.namespaceId;
  if (space === undefined) return { ".tag": "user", root_namespace_id: home, home_namespace_id: home };
  return { ".tag": "team", root_namespace_id: space.namespaceId, home_namespace_id: home, home_path: homePath(account) };
};

/** The namespace that a request is about, by its header. */
export function namespaceOf(tools: NamespaceTools, account: Account, header: string | null): Namespace {
  const home = homeOf(tools, account);
  if (header === null) return home;
  const root = parseHeader(header);
  const space = spaceOf(tools, account);
  const team = space && teamOf(tools, account, space);
  switch (root?.[".tag"]) {
    case "home":
      return home;
    case "root":
      if (root["root"] === (team ?? home).id) return team ?? home;
      throw new Refusal(errorAnswer(422, { ".tag": "invalid_root", invalid_root: rootInfo(tools, account) as { ".tag": string } }));
    case "namespace_id": {
      const found = [home, team].find((one) => one?.id === root["namespace_id"]) ?? mountedAs(tools, account, String(root["namespace_id"]));
      if (found !== undefined) return found;
      throw new Refusal(errorAnswer(422, { ".tag": "no_permission" }));
    }
    default:
      throw new Refusal(textAnswer(400, "Error in call to API function: Invalid HTTP header: could not decode input as JSON"));
  }
}

/** What a path in small letters leads to; the root is an item of its own. */
export function findPath(tools: NamespaceTools, namespace: Namespace, path: string): Found | undefined {
  const lower = path.toLowerCase();
  const deepest = namespace.parts
    .filter(({ prefix }) => lower === prefix.toLowerCase() || lower.startsWith(`${prefix.toLowerCase()}/`))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)[0];
  if (deepest === undefined) return undefined;
  const names = path.slice(deepest.prefix.length).split("/").filter((name) => name !== ""); // prettier-ignore
  const item = tools.drives.byPath(deepest.owner.no, names);
  return item && { part: deepest, item, display: displayOf(tools, deepest, item) };
}

export function findId(tools: NamespaceTools, namespace: Namespace, id: string): Found | undefined {
  for (const part of namespace.parts) {
    const n = part.owner.ids.parse(id);
    const item = n === undefined ? undefined : tools.drives.live(part.owner.no, n);
    if (item !== undefined && (item.n !== ROOT_N || part.prefix !== "")) return { part, item, display: displayOf(tools, part, item) };
  }
  return undefined;
}

export function displayOf({ drives }: NamespaceTools, { owner, prefix }: Part, item: Item): string {
  return [prefix, ...drives.segments(owner.no, item)].join("/");
}

/** Whoever sees a drive: its own account, those who mounted it, and the members of a team whose space it is. */
export function watchersOf(tools: NamespaceTools, drive: Account): Account[] {
  const mounted = tools.db.prepare("SELECT account FROM dropbox_mounts WHERE owner = ?").all(drive.no);
  const others = mounted.flatMap(({ account }) => tools.accounts.numbered(Number(account)) ?? []);
  const members = tools.accounts.all().filter((account) => account.team?.space === drive.name);
  return [...new Map([drive, ...others, ...members].map((account) => [account.no, account])).values()];
}

export function mount({ db }: NamespaceTools, account: Account, path: string, owner: Account): void {
  db.prepare("INSERT INTO dropbox_mounts (account, path, owner) VALUES (?, ?, ?)").run(account.no, path, owner.no);
}

export function unmount({ db }: NamespaceTools, account: Account, path: string): void {
  db.prepare("DELETE FROM dropbox_mounts WHERE account = ? AND path = ?").run(account.no, path);
}

/** Where a member's own files are in the space of the team. */
const homePath = (account: Account): string => `/${account.displayName}`;

function homeOf(tools: NamespaceTools, account: Account): Namespace {
  return { id: account.namespaceId, parts: [{ owner: account, prefix: "" }, ...mountsOf(tools, account)] };
}

function teamOf(tools: NamespaceTools, account: Account, space: Account): Namespace {
  const own = [{ owner: account, prefix: "" }, ...mountsOf(tools, account)];
  return {
    id: space.namespaceId,
    parts: [{ owner: space, prefix: "" }, ...own.map(({ owner, prefix }) => ({ owner, prefix: `${homePath(account)}${prefix}` }))],
  };
}

function mountedAs(tools: NamespaceTools, account: Account, namespaceId: string): Namespace | undefined {
  const found = mountsOf(tools, account).find(({ owner }) => owner.namespaceId === namespaceId);
  return found && { id: namespaceId, parts: [{ owner: found.owner, prefix: "" }] };
}

function mountsOf({ db, accounts }: NamespaceTools, account: Account): Part[] {
  const rows = db.prepare("SELECT path, owner FROM dropbox_mounts WHERE account = ? ORDER BY path").all(account.no);
  return rows.flatMap(({ path, owner }) => {
    const found = accounts.numbered(Number(owner));
    return found === undefined ? [] : [{ owner: found, prefix: String(path) }];
  });
}

function spaceOf({ accounts }: NamespaceTools, account: Account): Account | undefined {
  return account.team === undefined ? undefined : accounts.named(account.team.space);
}

function parseHeader(header: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(header) as unknown;
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export const lowerOf = foldName;
