import { contentOf } from "../drives/drive.ts";
import { readContent } from "../drives/content.ts";
import { serveContent } from "../drives/serve.ts";
import type { Located } from "./access.ts";
import type { Account } from "./accounts.ts";
import type { DriveCall, GoogleTools } from "./context.ts";
import { driveNotFound, fileNotFound, invalidValue, refuse, required } from "./drive-error.ts";
import { fileResource, searched, typeOfItem } from "./file.ts";
import { selectFields } from "./fields.ts";
import { exportOf, exportTypes, FOLDER_TYPE, isNative } from "./native.ts";
import { readListToken, writeListToken, type ListState } from "./page-token.ts";
import { parseQuery, type Query } from "./query.ts";

const PAGE_ITEMS = 100;
const PAGE_ITEMS_MAX = 1000;
const SCANNED_ITEMS = 1000;
const EXPORT_BYTES_MAX = 10 * 1024 * 1024;
const FILE_FIELDS = "kind,id,name,mimeType";
const LIST_FIELDS = `kind,nextPageToken,incompleteSearch,files(${FILE_FIELDS})`;

export async function listFiles(tools: GoogleTools, call: DriveCall): Promise<Response> {
  const { query } = call.request;
  const parsed = parseQuery(query.get("q"));
  const sources = sourcesOf(tools, call);
  const limit = pageSize(query.get("pageSize"), PAGE_ITEMS_MAX);
  const epoch = tools.accounts.state(sources[0] ?? call.grant.account).epoch;
  const parameters = ["q", "corpora", "driveId", "orderBy", "spaces"].map((name) => query.get(name) ?? "").join("\n");
  const token = query.get("pageToken");
  const state = token === null ? { source: 0, after: 0, emptied: false } : readListToken(epoch, parameters, token);
  const emptied = !state.emptied && tools.faults.strike("google-empty-page", call.asked) !== undefined;
  const order = query.get("orderBy");
  const page = emptied
    ? { found: [], next: { ...state, emptied: true } }
    : parsed.parents !== undefined || order !== null
      ? sortedPage(tools, call, sources, parsed, order, state, limit)
      : scannedPage(tools, call, sources, parsed, state, limit);
  const incomplete = tools.faults.strike("google-incomplete-search", call.asked) !== undefined;
  const shown = incomplete ? page.found.filter((_, i) => i % 2 === 0) : page.found;
  const files = await Promise.all(shown.map((located) => fileResource(tools, call, located)));
  const answer = {
    kind: "drive#fileList",
    ...(page.next && { nextPageToken: writeListToken(epoch, parameters, page.next) }),
    incompleteSearch: incomplete,
    files,
  };
  return Response.json(selectFields(answer, query.get("fields") ?? LIST_FIELDS));
}

/** The drives that a list is about, the most particular first. */
function sourcesOf(tools: GoogleTools, call: DriveCall): Account[] {
  const { account } = call.grant;
  const { query } = call.request;
  const driveId = query.get("driveId");
  const corpora = query.get("corpora") ?? (driveId === null ? "user" : "drive");
  const all = query.get("includeItemsFromAllDrives") === "true" && query.get("supportsAllDrives") === "true";
  if (corpora === "drive") {
    if (driveId === null) throw required("driveId");
    if (!all) throw refuse(403, "teamDriveFileNotSupported", "The includeItemsFromAllDrives parameter must be set to true.");
    return [sharedDrive(tools, account, driveId)];
  }
  if (driveId !== null) throw invalidValue("driveId", "The driveId parameter must not be specified for this corpora.");
  const own = [account, ...tools.access.sharers(account)];
  return corpora === "allDrives" || all ? [...own, ...tools.access.sharedDrives(account)] : own;
}

export function sharedDrive(tools: GoogleTools, account: Account, driveId: string): Account {
  const drive = tools.access.sharedDrives(account).find((one) => one.driveId === driveId);
  if (drive === undefined) throw driveNotFound(driveId);
  return drive;
}

type Page = { found: Located[]; next: ListState | undefined };

function isListed(tools: GoogleTools, account: Account, located: Located, query: Query): boolean {
  if (located.item.parent === null || tools.access.isPurged(located) || !tools.access.sees(account, located)) return false;
  return query.matches(searched(tools, account, located));
}

// In the order of the last change, trashed files with the others.
function scannedPage(tools: GoogleTools, call: DriveCall, sources: Account[], query: Query, from: ListState, limit: number): Page {
  const { account } = call.grant;
  const found: Located[] = [];
  for (let source = from.source, after = from.after; source < sources.length; source++, after = 0) {
    const drive = sources[source];
    if (drive === undefined) break;
    for (;;) {
      const items = tools.drives.changes(drive.no, after, Number.MAX_SAFE_INTEGER, SCANNED_ITEMS);
      if (items.length === 0) break;
      for (const item of items) {
        if (found.length === limit) return { found, next: { source, after, emptied: true } };
        after = item.seq;
        if (isListed(tools, account, { drive, item }, query)) found.push({ drive, item });
      }
    }
  }
  return { found, next: undefined };
}

function sortedPage(
  tools: GoogleTools,
  call: DriveCall,
  sources: Account[],
  query: Query,
  order: string | null,
  from: ListState,
  limit: number,
): Page {
  const { account } = call.grant;
  const all = sources.flatMap((drive) => candidates(tools, drive, query).filter((one) => isListed(tools, account, one, query)));
  if (order !== null) all.sort(comparator(order));
  const found = all.slice(from.after, from.after + limit);
  const after = from.after + found.length;
  return { found, next: after < all.length ? { source: 0, after, emptied: true } : undefined };
}

function candidates(tools: GoogleTools, drive: Account, { parents, live }: Query): Located[] {
  const numbers = parents?.flatMap((id) => drive.ids.parse(id === "root" && drive.form !== "shared_drive" ? drive.driveId : id) ?? []);
  const page = { order: "name", descending: false, offset: 0, limit: Number.MAX_SAFE_INTEGER } as const;
  const items =
    numbers !== undefined && live
      ? numbers.flatMap((n) => tools.drives.children(drive.no, n, page))
      : tools.drives.changes(drive.no, 0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return items.map((item) => ({ drive, item }));
}

const ORDERS: Readonly<Record<string, (one: Located, other: Located) => number>> = {
  folder: (one, other) => Number(other.item.folder) - Number(one.item.folder),
  name: (one, other) => (one.item.name < other.item.name ? -1 : 1),
  name_natural: (one, other) => one.item.name.localeCompare(other.item.name, "en", { numeric: true }),
  modifiedTime: (one, other) => one.item.modified - other.item.modified,
  createdTime: (one, other) => one.item.created - other.item.created,
  quotaBytesUsed: (one, other) => one.item.size - other.item.size,
};

function comparator(order: string): (one: Located, other: Located) => number {
  const keys = order.split(",").map((key) => {
    const [name = "", direction = "asc"] = key.trim().split(/\s+/);
    const compare = ORDERS[name];
    if (compare === undefined) throw invalidValue("orderBy");
    return (one: Located, other: Located) => (direction === "desc" ? compare(other, one) : compare(one, other));
  });
  return (one, other) => keys.map((key) => key(one, other)).find((result) => result !== 0) ?? one.item.n - other.item.n;
}

export function pageSize(text: string | null, max: number, usual = PAGE_ITEMS): number {
  if (text === null) return usual;
  if (!/^\d+$/.test(text) || Number(text) < 1) throw invalidValue("pageSize");
  return Math.min(Number(text), max);
}

export function findFile(tools: GoogleTools, call: DriveCall, id: string): Located {
  const located = tools.access.find(call.grant.account, id);
  const supported = call.request.query.get("supportsAllDrives") === "true" || call.request.path.endsWith("/export");
  if (located === undefined || (located.drive.form === "shared_drive" && !supported)) throw fileNotFound(id);
  return located;
}

export async function getFile(tools: GoogleTools, call: DriveCall, id: string): Promise<Response> {
  const located = findFile(tools, call, id);
  const { query } = call.request;
  if (query.get("alt") === "media") return media(tools, call, located);
  return Response.json(selectFields(await fileResource(tools, call, located), query.get("fields") ?? FILE_FIELDS));
}

async function media(tools: GoogleTools, call: DriveCall, { drive, item }: Located): Promise<Response> {
  const type = typeOfItem({ drive, item });
  if (item.folder || isNative(type)) {
    const message = "Only files with binary content can be downloaded. Use Export with Docs Editors files.";
    throw refuse(403, "fileNotDownloadable", message, { location: "alt" });
  }
  if (tools.faults.strikesItem("google-limited-items", call.asked, item))
    throw refuse(403, "cannotDownloadFile", "This file cannot be downloaded by the user.");
  if (tools.faults.strikesItem("google-abusive", call.asked, item) && call.request.query.get("acknowledgeAbuse") !== "true") {
    const message = "This file has been identified as malware or spam and cannot be downloaded.";
    throw refuse(403, "cannotDownloadAbusiveFile", message);
  }
  const served = await serveContent(tools.faults, call.asked, contentOf(tools, drive, item), call.request, {
    "Content-Type": type,
    "Content-Disposition": "attachment",
    "Cache-Control": "private, max-age=0, must-revalidate",
  });
  return served ?? Promise.reject(fileNotFound(drive.ids.id(item.n)));
}

/** A native file in another format. There are no ranges of it. */
export async function exportFile(tools: GoogleTools, call: DriveCall, id: string): Promise<Response> {
  const located = findFile(tools, call, id);
  const format = call.request.query.get("mimeType");
  if (format === null) throw required("mimeType");
  const type = typeOfItem(located);
  if (type === FOLDER_TYPE || !isNative(type) || exportTypes(type).length === 0)
    throw refuse(403, "fileNotExportable", "Export only supports Docs Editors files.");
  const bytes = exportOf(type, format, await textOf(tools, located));
  if (bytes === undefined) throw refuse(400, "badRequest", "The requested conversion is not supported.", { location: "convertTo" });
  if (bytes.length > EXPORT_BYTES_MAX) throw refuse(403, "exportSizeLimitExceeded", "This file is too large to be exported.");
  return exported(bytes, format);
}

/** What an export link leads to: as `exportFile`, of any size. */
export async function exportByLink(tools: GoogleTools, { drive, item }: Located, format: string): Promise<Response> {
  const bytes = exportOf(typeOfItem({ drive, item }), format, await textOf(tools, { drive, item }));
  return bytes === undefined ? new Response(null, { status: 400 }) : exported(bytes, format);
}

function exported(bytes: Buffer, format: string): Response {
  return new Response(new Uint8Array(bytes), { headers: { "Content-Type": format, "Content-Disposition": "attachment" } });
}

async function textOf(tools: GoogleTools, { drive, item }: Located): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readContent(contentOf(tools, drive, item))) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
