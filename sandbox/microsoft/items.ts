import type { Drive, User } from "@microsoft/microsoft-graph-types";
import { ROOT_N, type ChildOrder, type Item } from "../drives/store.ts";
import type { Account } from "./accounts.ts";
import type { DriveAddress, ItemAddress } from "./address.ts";
import { downloadUrl, filesPlace } from "./download-url.ts";
import { dateTime, driveItems, driveType, identityOf, tagsOf } from "./drive-item.ts";
import type { DriveCall, GraphCall, GraphTools } from "./graph-context.ts";
import { invalidRequest, itemNotFound, refuse } from "./graph-error.ts";
import { GRAPH_HOST } from "./hosts.ts";
import { selectFields } from "./select.ts";
import { findSite } from "./site-access.ts";

const PAGE_ITEMS = 200;
const PAGE_ITEMS_MAX = 1000;
const QUOTA_BYTES = { business: 1024 ** 4, personal: 5 * 1024 ** 3, migrated: 5 * 1024 ** 3 };
const ORDERS: Record<string, ChildOrder> = { name: "name", url: "name", size: "size", lastmodifieddatetime: "modified" };

/** The drive that is meant: the caller's own, or a library. Throws where there is none, or it is another person's. */
export function driveOf(tools: GraphTools, call: GraphCall, address: DriveAddress): Account {
  const { account } = call.grant;
  if (address.by === "user") checkUser(account, address.user);
  if (address.by === "me" || address.by === "user") return account;
  const meant =
    address.by === "id" ? tools.accounts.byDriveId(address.id) : tools.sites.library(findSite(tools.sites, address.site), "documents");
  if (meant === undefined) throw itemNotFound();
  if (meant.no !== account.no && meant.library === undefined) throw refuse(403, "accessDenied", "Access denied");
  return meant;
}

export function checkUser(account: Account, user: string | undefined): void {
  if (user === undefined || user.toLowerCase() === account.name || user.toLowerCase() === account.oid) return;
  throw refuse(403, "accessDenied", "Access denied");
}

export function findItem(tools: GraphTools, call: DriveCall, address: ItemAddress): Item {
  const { drive: account } = call;
  const n = address.from === "root" ? ROOT_N : account.ids.parse(address.from.id);
  let item = n === undefined ? undefined : tools.drives.live(account.no, n);
  for (const name of address.path) item = item === undefined ? undefined : tools.drives.child(account.no, item.n, name);
  if (item === undefined) throw itemNotFound();
  return item;
}

export function user(call: GraphCall): Response {
  const { account } = call.grant;
  const [given = "", ...rest] = account.displayName.split(" ");
  const answered: User = {
    businessPhones: [],
    displayName: account.displayName,
    givenName: given,
    jobTitle: null,
    mail: account.name,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
    surname: rest.join(" "),
    userPrincipalName: account.name,
    id: account.form === "business" ? account.oid : account.cid,
  };
  const context = { "@odata.context": `${call.request.site(GRAPH_HOST)}/v1.0/$metadata#users/$entity` };
  return Response.json({ ...context, ...selectFields(answered, call.request.query.get("$select")) });
}

export function driveResource(tools: GraphTools, call: DriveCall): Drive {
  const { drive: account } = call;
  const root = tools.drives.live(account.no, ROOT_N);
  const used = root?.size ?? 0;
  const total = Math.max(QUOTA_BYTES[account.form], used * 2);
  const modified = root?.changed ?? account.created;
  const place = filesPlace(tools.sites, account);
  return {
    createdDateTime: dateTime(account, account.created),
    description: "",
    id: account.driveId,
    lastModifiedDateTime: dateTime(account, modified),
    name: account.library === undefined ? "OneDrive" : account.displayName,
    webUrl: [call.request.site(place.host), place.site, encodeURIComponent(place.list)].filter(Boolean).join("/"),
    driveType: driveType(account),
    createdBy: { user: { displayName: "System Account" } },
    lastModifiedBy: identityOf(account.library === undefined ? account : call.grant.account),
    owner: identityOf(account.library === undefined ? account : call.grant.account),
    quota: { deleted: 0, remaining: total - used, state: "normal", total, used },
  };
}

export function drivesList(tools: GraphTools, call: DriveCall): Response {
  return Response.json({ "@odata.context": `${call.request.site(GRAPH_HOST)}/v1.0/$metadata#drives`, value: [driveResource(tools, call)] });
}

export async function item(tools: GraphTools, call: DriveCall, found: Item, drivePath: string): Promise<Response> {
  if (matchesTag(call, found)) return new Response(null, { status: 304, headers: { ETag: tagsOf(call.drive, found).eTag } });
  const { query } = call.request;
  const [answered] = await driveItems(tools, call, [found], { delta: false, drivePath });
  if (answered === undefined) throw itemNotFound();
  const context = { "@odata.context": `${call.request.site(GRAPH_HOST)}/v1.0/$metadata#drives('me')/items/$entity` };
  const expand = query.get("$expand");
  if (expand === null)
    return Response.json(
      { ...context, ...selectFields(answered, query.get("$select")) },
      { headers: { ETag: tagsOf(call.drive, found).eTag } },
    );
  if (!/^children(\(.*\))?$/i.test(expand)) throw invalidRequest(`Could not expand '${expand}'`);
  const children = tools.drives.children(call.drive.no, found.n, {
    order: "name",
    descending: false,
    offset: 0,
    limit: PAGE_ITEMS,
  });
  const value = await driveItems(tools, call, children, { delta: false, drivePath });
  return Response.json({ ...context, ...selectFields(answered, query.get("$select")), children: value });
}

export async function children(tools: GraphTools, call: DriveCall, folder: Item, drivePath: string): Promise<Response> {
  const { drive: account } = call;
  if (tools.faults.strikesItem("personal-vault", call.asked, folder)) throw invalidRequest("ObjectHandle is Invalid");
  if (!folder.folder) return Response.json({ value: [] });
  const { query } = call.request;
  const order = orderOf(account, query.get("$orderby"));
  const top = query.get("$top");
  if (top !== null && !/^[1-9]\d*$/.test(top)) throw invalidRequest("Invalid value for $top");
  const limit = Math.min(Number(top ?? PAGE_ITEMS), PAGE_ITEMS_MAX);
  const offset = skipOf(query.get("$skiptoken"));
  const rows = tools.drives.children(account.no, folder.n, { ...order, offset, limit: limit + 1 });
  const answered = await driveItems(tools, call, rows.slice(0, limit), { delta: false, drivePath });
  const value = answered.map((one) => selectFields(one, query.get("$select")));
  const body: Record<string, unknown> = {
    "@odata.context": `${call.request.site(GRAPH_HOST)}/v1.0/$metadata#users('me')/drive/root/children`,
    "@odata.count": folder.children,
    value,
  };
  if (rows.length > limit) {
    const options = call.request.search
      .slice(1)
      .split("&")
      .filter((option) => option !== "" && !/^(\$|%24)skiptoken=/i.test(option));
    const token = Buffer.from(`Paged=TRUE&p_Skip=${offset + limit}`).toString("base64url");
    body["@odata.nextLink"] = `${call.request.site(GRAPH_HOST)}${call.request.path}?${[...options, `$skiptoken=${token}`].join("&")}`;
  }
  return Response.json(body);
}

function skipOf(token: string | null): number {
  if (token === null) return 0;
  const skip = /^Paged=TRUE&p_Skip=(\d+)$/.exec(Buffer.from(token, "base64url").toString())?.[1];
  if (skip === undefined) throw invalidRequest("Invalid $skiptoken");
  return Number(skip);
}

// Work accounts order by name or url only.
function orderOf(account: Account, orderby: string | null): { order: ChildOrder; descending: boolean } {
  if (orderby === null) return { order: "name", descending: false };
  const [field = "", direction = "asc"] = orderby.trim().toLowerCase().split(/\s+/);
  const order = ORDERS[field];
  if (order === undefined || (account.form === "business" && order !== "name"))
    throw invalidRequest(`The field '${field}' cannot be used in the orderby clause`);
  return { order, descending: direction === "desc" };
}

/** 302 to a fresh address of the content. */
export function content(tools: GraphTools, call: DriveCall, found: Item): Response {
  if (found.folder) throw refuse(400, "invalidRequest", "You cannot get content for a folder");
  if (matchesTag(call, found)) return new Response(null, { status: 304 });
  const location = downloadUrl(tools, call, found.n);
  return new Response(null, { status: 302, headers: { Location: location } });
}

function matchesTag(call: DriveCall, found: Item): boolean {
  const given = call.request.headers.get("if-none-match");
  if (given === null) return false;
  const { eTag, cTag } = tagsOf(call.drive, found);
  return given === eTag || given === cTag || given === `W/${eTag}`;
}
