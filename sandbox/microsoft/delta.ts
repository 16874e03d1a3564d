import { Refusal } from "../answers.ts";
import { ROOT_N, type Item } from "../drives/store.ts";
import type { Address } from "./address.ts";
import { readDeltaToken, writeDeltaToken, type DeltaState } from "./delta-token.ts";
import { driveItems, referencePath, tombstone, type AnsweredItem, type Rendering } from "./drive-item.ts";
import { resyncAnswer } from "./fault-answers.ts";
import type { DriveCall, GraphTools } from "./graph-context.ts";
import { invalidRequest, refuse } from "./graph-error.ts";
import { GRAPH_HOST } from "./hosts.ts";
import { selectFields } from "./select.ts";

const PAGE_ITEMS = 200;
const PAGE_ITEMS_MAX = 1000;
const PAGE_TOMBSTONES = 7;
const LAG_MS = 10_000;
const DUPLICATES_PER_PAGE = 5;

type DeltaAddress = Extract<Address, { kind: "delta" }>;
type Page = { items: Item[]; next: DeltaState | undefined; rest: DeltaState };

/** One page of a drive's, or on personal accounts a folder's, changes. */
export async function delta(tools: GraphTools, call: DriveCall, address: DeltaAddress, folder: Item): Promise<Response> {
  const { drive: account } = call;
  const business = account.form === "business";
  if (folder.n !== ROOT_N && (business || tools.faults.strike("folder-delta-unsupported", call.asked) !== undefined)) {
    throw refuse(501, "notSupported", "view.delta can only be called on the root.");
  }
  for (const option of ["$filter", "$orderby", "$search"]) {
    if (call.request.query.has(option)) throw invalidRequest(`${option} not supported for this API`);
  }
  checkPrefer(call.request.headers.get("prefer") ?? "");

  const { epoch, seq } = tools.accounts.state(account);
  const token = address.token ?? call.request.query.get("token") ?? "";
  const horizon = horizonOf(tools, call, seq);
  if (token === "latest") return answer(tools, call, address, { items: [], next: undefined, rest: rest(horizon) }, epoch, []);
  const state = startOf(tools, call, address, token, epoch, horizon);
  if (!state.emptied && tools.faults.strike("empty-page", call.asked) !== undefined) {
    return answer(tools, call, address, { items: [], next: { ...state, emptied: true }, rest: state }, epoch, []);
  }
  const page = state.at === "items" ? enumerationPage(tools, call, folder, state) : changesPage(tools, call, folder, state, horizon);
  const rows = state.at === "items" ? page.items : withAncestors(tools, call, folder, page.items, state.at === "rest");
  return answer(tools, call, address, page, epoch, rows);
}

const rest = (seq: number): DeltaState => ({ at: "rest", seq, afterN: 0, emptied: false });

function startOf(tools: GraphTools, call: DriveCall, address: DeltaAddress, token: string, epoch: string, horizon: number): DeltaState {
  const { drive: account } = call;
  if (token === "") return { at: "items", seq: horizon, afterN: 0, emptied: false };
  if (account.form === "business" && /^\d{4}-\d\d-\d\dT/.test(token) && !Number.isNaN(Date.parse(token))) {
    return rest(tools.drives.seqAt(account.no, Date.parse(token)));
  }
  const state = readDeltaToken(account, epoch, token);
  if (state !== undefined) return state;
  const location = `${call.request.site(GRAPH_HOST)}${address.base}/delta?token=`;
  throw new Refusal(resyncAnswer("resyncRequired", "resyncChangesApplyDifferences", location));
}

// How far into the change log delta can see: it lags behind the drive where a fault says so.
function horizonOf(tools: GraphTools, call: DriveCall, seq: number): number {
  const lag = tools.faults.strike("delta-lag", call.asked);
  return lag === undefined ? seq : tools.drives.seqAt(call.drive.no, tools.now() - (lag.delayMs ?? LAG_MS));
}

function enumerationPage(tools: GraphTools, call: DriveCall, folder: Item, state: DeltaState): Page {
  const { drive: account } = call;
  const limit = account.form === "business" ? requestedTop(call) : PAGE_ITEMS;
  let items = tools.drives.enumerate(account.no, state.afterN, limit + 1);
  if (folder.n !== ROOT_N) {
    const below = [folder.n, ...tools.drives.descendants(account.no, folder.n)].filter((n) => n > state.afterN).sort((a, b) => a - b);
    items = below.slice(0, limit + 1).flatMap((n) => tools.drives.live(account.no, n) ?? []);
  }
  const more = items.length > limit;
  items = items.slice(0, limit);
  const afterN = items.at(-1)?.n ?? state.afterN;
  const ghosts = !more && tools.faults.strike("enumeration-ghosts", call.asked) !== undefined;
  const end = ghosts ? tools.accounts.state(account).seq : state.seq;
  return { items, next: more ? { at: "items", seq: state.seq, afterN, emptied: false } : undefined, rest: rest(end) };
}

function changesPage(tools: GraphTools, call: DriveCall, folder: Item, state: DeltaState, horizon: number): Page {
  const { drive: account } = call;
  const struck = (name: "missing-tombstones" | "folder-tombstone-only" | "create-before-delete", item: Item): boolean =>
    tools.faults.strikesItem(name, call.asked, item);
  const log = tools.drives.changes(account.no, state.seq, horizon, PAGE_ITEMS + 1);
  const sevens = account.form === "business" && tools.faults.strike("plain-tombstones", call.asked) === undefined;
  const items: Item[] = [];
  let tombstones = 0;
  let read = 0;
  for (const item of log.slice(0, PAGE_ITEMS)) {
    const hidden =
      item.deletedBy !== null &&
      (struck("missing-tombstones", item) || (item.deletedBy !== item.n && struck("folder-tombstone-only", item)));
    if (!hidden && item.deletedBy !== null && sevens && ++tombstones > PAGE_TOMBSTONES) break;
    read += 1;
    if (!hidden && inFolder(tools, account.no, folder, item)) items.push(item);
  }
  const seq = log[read - 1]?.seq ?? state.seq;
  if (items.some((item) => struck("create-before-delete", item)))
    items.sort((a, b) => Number(a.deletedBy !== null) - Number(b.deletedBy !== null));
  const more = read < log.length;
  return { items, next: more ? { at: "changes", seq, afterN: 0, emptied: false } : undefined, rest: rest(Math.max(seq, horizon)) };
}

function inFolder(tools: GraphTools, drive: number, folder: Item, item: Item): boolean {
  if (folder.n === ROOT_N || item.n === folder.n) return true;
  return tools.drives.ancestors(drive, item).some((above) => above.n === folder.n);
}

// Unless asked not to, delta reports the folders above each change too, up to the root; the root opens every round.
function withAncestors(tools: GraphTools, call: DriveCall, folder: Item, items: Item[], opensRound: boolean): Item[] {
  const drive = call.drive.no;
  const rows = new Map<number, Item>();
  const changed = new Set(items.map((item) => item.n));
  if (opensRound && !changed.has(folder.n)) rows.set(folder.n, tools.drives.live(drive, folder.n) ?? folder);
  const alone = call.request.headers.has("deltaexcludeparent");
  for (const item of items) {
    const above = alone || item.deletedBy !== null ? [] : tools.drives.ancestors(drive, item).reverse();
    for (const ancestor of above) if (ancestor.deletedBy === null && !changed.has(ancestor.n)) rows.set(ancestor.n, ancestor);
    rows.set(item.n, item);
  }
  return [...rows.values()];
}

async function answer(
  tools: GraphTools,
  call: DriveCall,
  address: DeltaAddress,
  page: Page,
  epoch: string,
  rows: Item[],
): Promise<Response> {
  const { drive: account } = call;
  const rendering: Rendering = { delta: true, drivePath: account.library === undefined ? "/drive" : `/drives/${account.driveId}` };
  const live = rows.filter((item) => item.deletedBy === null);
  const written = new Map((await driveItems(tools, call, live, rendering)).map((answered, i) => [live[i]?.n, answered]));
  const value = rows.map((item) => written.get(item.n) ?? tombstone(tools, call, item));
  for (const item of live) {
    const reference = written.get(item.n)?.parentReference;
    const told = account.library !== undefined || tools.faults.strikesItem("path-in-delta", call.asked, item);
    if (!reference || item.parent === null || !told) continue;
    const segments = tools.drives.segments(account.no, item).slice(0, -1);
    reference.path = referencePath(account, segments, rendering);
  }
  if (value.length > 0 && tools.faults.strike("duplicate-items", call.asked) !== undefined) repeatSome(tools, value, account.no, page);
  const select = call.request.query.get("$select");
  const link = (state: DeltaState): string => linkTo(tools, call, address, epoch, state);
  return Response.json({
    "@odata.context": `${call.request.site(GRAPH_HOST)}/v1.0/$metadata#Collection(driveItem)`,
    ...(page.next === undefined ? { "@odata.deltaLink": link(page.rest) } : { "@odata.nextLink": link(page.next) }),
    value: value.map((item) => selectFields(item, select)),
  });
}

// The last items of a page come first once more, as they would had they been touched while the page was made.
function repeatSome(tools: GraphTools, value: AnsweredItem[], drive: number, page: Page): void {
  value.unshift(...value.slice(-DUPLICATES_PER_PAGE));
  // Reading from one item before tells the next page to begin with this page's last one.
  if (page.next?.at === "items" && tools.drives.live(drive, page.next.afterN) !== undefined && value.length > DUPLICATES_PER_PAGE * 2)
    page.next.afterN -= 1;
}

// Work accounts are answered in the function form, personal ones with a query; both understand both.
function linkTo(tools: GraphTools, call: DriveCall, address: DeltaAddress, epoch: string, state: DeltaState): string {
  const { drive: account } = call;
  const token = encodeURIComponent(writeDeltaToken(account, epoch, state, tools.now()));
  const base = `${call.request.site(GRAPH_HOST)}${address.base}`;
  const options = call.request.search
    .slice(1)
    .split("&")
    .filter((option) => option !== "" && !/^token=/i.test(option));
  if (account.form !== "business") return `${base}/delta?${[...options, `token=${token}`].join("&")}`;
  const call_ = state.at === "rest" ? `delta(token='${token}')` : `microsoft.graph.delta(token='${token}')`;
  return `${base}/${call_}${options.length === 0 ? "" : `?${options.join("&")}`}`;
}

function requestedTop(call: DriveCall): number {
  const top = call.request.query.get("$top");
  if (top === null) return PAGE_ITEMS;
  if (!/^\d+$/.test(top) || Number(top) < 1) throw invalidRequest("Invalid value for $top");
  return Math.min(Number(top), PAGE_ITEMS_MAX);
}

function checkPrefer(prefer: string): void {
  const wishes = prefer.toLowerCase();
  if (!wishes.includes("deltashowsharingchanges")) return;
  if (wishes.includes("deltashowremovedasdeleted") && wishes.includes("deltatraversepermissiongaps")) return;
  throw invalidRequest(
    "Must also prefer deltashowremovedasdeleted and deltatraversepermissiongaps when preferring deltashowsharingchanges for a user request.",
  );
}
