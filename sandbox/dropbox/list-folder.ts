import { Refusal } from "../answers.ts";
import { ROOT_N, type Item } from "../drives/store.ts";
import { badRequest, errorAnswer, pathError, rateLimitAnswer } from "./answers.ts";
import { booleanOf, limitOf, textOf } from "./arguments.ts";
import type { Call, DropboxTools } from "./context.ts";
import { readCursor, writeCursor, type CursorState } from "./cursor.ts";
import { journalAfter, refreshJournal, type JournalEntry } from "./journal.ts";
import { deleted, metadata, type Metadata } from "./metadata.ts";
import { displayOf, findPath, lowerOf, type Part } from "./namespaces.ts";
import { findItem } from "./items.ts";

const PAGE_ENTRIES = 500;
const PAGE_ENTRIES_MAX = 2000;
const REPEATED_ENTRIES = 3;

type Page = { entries: Metadata[]; next: CursorState; more: boolean };

/** files/list_folder: what is in a folder, or with all below it, and a cursor that goes on from there. */
export async function listFolder(tools: DropboxTools, call: Call): Promise<Response> {
  const state = begin(tools, call);
  return once(tools, call, JSON.stringify(call.argument), () => answer(tools, call, state));
}

export async function listFolderContinue(tools: DropboxTools, call: Call): Promise<Response> {
  const text = textOf(call, "cursor");
  const state = readCursor(text);
  if (state === undefined) throw badRequest(call.route, "Invalid \"cursor\" parameter: u''");
  const { epoch } = tools.accounts.state(call.grant.account);
  if (state.epoch !== epoch || state.namespace !== call.namespace.id) throw new Refusal(errorAnswer(409, { ".tag": "reset" }));
  return once(tools, call, text, () => answer(tools, call, state));
}

export function latestCursor(tools: DropboxTools, call: Call): Response {
  return Response.json({ cursor: writeCursor({ ...begin(tools, call), at: "rest" }) });
}

/** The same list may be asked for by one request at a time. */
async function once(tools: DropboxTools, call: Call, what: string, work: () => Promise<Response>): Promise<Response> {
  const key = `${call.grant.account.no} ${call.route} ${what}`;
  if (tools.isCursorBusy.has(key)) throw new Refusal(rateLimitAnswer("too_many_requests", 1));
  tools.isCursorBusy.add(key);
  try {
    return await work();
  } finally {
    tools.isCursorBusy.delete(key);
  }
}

function begin(tools: DropboxTools, call: Call): CursorState {
  const { account } = call.grant;
  const found = findItem(tools, call, textOf(call, "path"));
  const isRoot = found.item.n === ROOT_N && found.part.prefix === "";
  if (!found.item.folder) throw new Refusal(pathError("not_folder"));
  const recursive = booleanOf(call, "recursive");
  return {
    epoch: tools.accounts.state(account).epoch,
    namespace: call.namespace.id,
    scope: isRoot ? "" : lowerOf(found.display),
    recursive,
    limit: limitOf(call, PAGE_ENTRIES, PAGE_ENTRIES_MAX),
    at: recursive ? "items" : "children",
    parts: call.namespace.parts.map(({ owner, prefix }) => ({ drive: owner.no, prefix, j: refreshJournal(tools, owner) })),
    part: 0,
    after: 0,
    emptied: false,
  };
}

async function answer(tools: DropboxTools, call: Call, state: CursorState): Promise<Response> {
  const page = await pageOf(tools, call, state);
  const { entries } = page;
  if (entries.length > 0 && tools.faults.strike("dropbox-duplicates", call.asked) !== undefined)
    entries.unshift(...entries.filter((entry) => entry[".tag"] !== "deleted").slice(-REPEATED_ENTRIES));
  for (const entry of entries) {
    if (tools.faults.strike("dropbox-malformed", call.asked) !== undefined) Object.assign(entry, { path_lower: null });
  }
  return Response.json({ entries, cursor: writeCursor(page.next), has_more: page.more });
}

async function pageOf(tools: DropboxTools, call: Call, state: CursorState): Promise<Page> {
  if (!state.emptied && tools.faults.strike("dropbox-empty-page", call.asked) !== undefined)
    return { entries: [], next: { ...state, emptied: true }, more: true };
  const at = { ...state, emptied: false };
  if (state.at === "items") return itemsPage(tools, call, at);
  return state.at === "children" ? childrenPage(tools, call, at) : changesPage(tools, call, at);
}

/** A stretch of one drive's items, by their numbers: what was moved into a younger folder comes before it. */
async function itemsPage(tools: DropboxTools, call: Call, state: CursorState): Promise<Page> {
  const part = partOf(tools, state.parts[state.part]);
  const items = part === undefined ? [] : tools.drives.enumerate(part.owner.no, state.after, state.limit + 1);
  const shown = items.slice(0, state.limit);
  const entries: Metadata[] = [];
  for (const item of shown) {
    const entry = part && (await entryOf(tools, call, part, item));
    if (entry && isWithin(state, entry.path_lower)) entries.push(entry);
  }
  if (tools.faults.strike("dropbox-children-first", call.asked) !== undefined) entries.reverse();
  if (items.length > state.limit) return { entries, next: { ...state, after: shown.at(-1)?.n ?? 0 }, more: true };
  const isLast = state.part + 1 >= state.parts.length;
  return { entries, next: isLast ? { ...state, at: "rest" } : { ...state, part: state.part + 1, after: 0 }, more: !isLast };
}

async function childrenPage(tools: DropboxTools, call: Call, state: CursorState): Promise<Page> {
  const folder = findPath(tools, call.namespace, state.scope);
  if (folder === undefined) throw new Refusal(pathError("not_found"));
  const { owner } = folder.part;
  const page = { order: "name", descending: false, offset: state.after, limit: state.limit + 1 } as const;
  const children = tools.drives.children(owner.no, folder.item.n, page);
  const entries: Metadata[] = [];
  for (const item of children.slice(0, state.limit)) {
    const entry = await entryOf(tools, call, folder.part, item);
    if (entry) entries.push(entry);
  }
  if (children.length > state.limit) return { entries, next: { ...state, after: state.after + state.limit }, more: true };
  for (const part of call.namespace.parts) {
    const root = part.prefix === "" ? undefined : tools.drives.live(part.owner.no, ROOT_N);
    if (root && isWithin(state, lowerOf(part.prefix))) entries.push(await metadata(tools, call, part, root, part.prefix));
  }
  return { entries, next: { ...state, at: "rest" }, more: false };
}

/** What was mounted or unmounted, then what the journals of the drives have. */
async function changesPage(tools: DropboxTools, call: Call, state: CursorState): Promise<Page> {
  const isSame = (one: { drive: number; prefix: string }, part: Part): boolean => one.drive === part.owner.no && one.prefix === part.prefix;
  const current = call.namespace.parts;
  const left = state.parts.filter((one) => !current.some((part) => isSame(one, part)));
  const entries: Metadata[] = left.map(({ prefix }) => deleted(prefix));
  const parts: CursorState["parts"] = [];
  let more = false;
  for (const part of current) {
    const known = state.parts.find((one) => isSame(one, part));
    const end = refreshJournal(tools, part.owner);
    let j = known?.j ?? end;
    if (known === undefined) entries.push(...(await wholePart(tools, call, part)));
    else {
      const journal = journalAfter(tools, part.owner, j, state.limit);
      entries.push(...(await told(tools, call, part, journal)));
      j = journal.at(-1)?.j ?? j;
    }
    more ||= j < end;
    parts.push({ drive: part.owner.no, prefix: part.prefix, j });
  }
  const within = entries.filter((entry) => isWithin(state, entry.path_lower));
  const struck = within.length > 0 && tools.faults.strike("dropbox-add-before-delete", call.asked) !== undefined;
  return { entries: struck ? deletionsLast(within) : within, next: { ...state, parts }, more };
}

async function wholePart(tools: DropboxTools, call: Call, part: Part): Promise<Metadata[]> {
  const entries: Metadata[] = [];
  for (const item of tools.drives.enumerate(part.owner.no, 0, Number.MAX_SAFE_INTEGER)) {
    const entry = await entryOf(tools, call, part, item);
    if (entry) entries.push(entry);
  }
  return entries;
}

async function told(tools: DropboxTools, call: Call, part: Part, journal: readonly JournalEntry[]): Promise<Metadata[]> {
  const last = new Map(journal.flatMap(({ n, j }) => (n === null ? [] : [[n, j]])));
  const all = journal.some(({ covered }) => covered === 1) && tools.faults.strike("dropbox-delete-each", call.asked) !== undefined;
  const entries: Metadata[] = [];
  for (const { j, n, display, covered } of journal) {
    if (n === null) {
      if (covered === 0 || all) entries.push(deleted(`${part.prefix}${display}`));
      continue;
    }
    const item = last.get(n) === j ? tools.drives.live(part.owner.no, n) : undefined;
    // What has gone on from here is told further on.
    if (item && lowerOf(displayOf(tools, { ...part, prefix: "" }, item)) === lowerOf(display)) {
      const entry = await entryOf(tools, call, part, item);
      if (entry) entries.push(entry);
    }
  }
  return entries;
}

/** Deletions after what is there, but for those of paths at or above which something is there again. */
function deletionsLast(entries: readonly Metadata[]): Metadata[] {
  const there = entries.filter((entry) => entry[".tag"] !== "deleted").map((entry) => entry.path_lower);
  const isLate = (entry: Metadata): boolean =>
    entry[".tag"] === "deleted" && !there.some((path) => path === entry.path_lower || path.startsWith(`${entry.path_lower}/`));
  return [...entries.filter((entry) => !isLate(entry)), ...entries.filter(isLate)];
}

async function entryOf(tools: DropboxTools, call: Call, part: Part, item: Item): Promise<Metadata | undefined> {
  if (item.n === ROOT_N && part.prefix === "") return undefined;
  return metadata(tools, call, part, item, displayOf(tools, part, item));
}

function partOf(tools: DropboxTools, known: CursorState["parts"][number] | undefined): Part | undefined {
  const owner = known && tools.accounts.numbered(known.drive);
  return owner && { owner, prefix: known.prefix };
}

function isWithin({ scope, recursive }: CursorState, path: string): boolean {
  if (!path.startsWith(`${scope}/`)) return false;
  return recursive || !path.slice(scope.length + 1).includes("/");
}
