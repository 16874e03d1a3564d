import type { DriveItem, IdentitySet, ItemReference } from "@microsoft/microsoft-graph-types";
import { hashesOf } from "../drives/drive.ts";
import type { HashName, Hashes } from "../drives/hashes.ts";
import { extensionOf, mimeTypeOf } from "../drives/mime.ts";
import { lookUpPlaces, type Places } from "../drives/places.ts";
import { ROOT_N, type Item } from "../drives/store.ts";
import type { Account } from "./accounts.ts";
import { downloadUrl, filesPlace } from "./download-url.ts";
import type { DriveCall, GraphTools } from "./graph-context.ts";
import { guidOf } from "./ids.ts";
import { disguise } from "./item-faults.ts";

/** A driveItem as the service answers it: the published type, and the annotations that it does not list. */
export type AnsweredItem = DriveItem & { "@odata.type"?: string; "@microsoft.graph.downloadUrl"?: string };

/** `delta` leaves out what delta leaves out. `drivePath`: how paths in references begin. */
export type Rendering = { delta: boolean; drivePath: string };

const OFFICE = new Set(["docx", "xlsx", "pptx"]);
const WORK_HASHES: HashName[] = ["quickXor"];
const PERSONAL_HASHES: HashName[] = ["quickXor", "sha1", "sha256"];

/** Writes items in the form of their account, with what faults do to them. */
export async function driveItems(
  tools: GraphTools,
  call: DriveCall,
  items: readonly Item[],
  rendering: Rendering,
): Promise<AnsweredItem[]> {
  const { drive: account } = call;
  const hashes = await hashesOf(tools, account, items, account.form === "business" ? WORK_HASHES : PERSONAL_HASHES);
  const places = lookUpPlaces(tools.drives, account.no);
  return items.map((item) => driveItem(tools, call, item, hashes.get(item.n) ?? {}, places, rendering));
}

function driveItem(tools: GraphTools, call: DriveCall, item: Item, hashes: Hashes, places: Places, rendering: Rendering): AnsweredItem {
  const { drive: account } = call;
  const business = account.form === "business";
  const tags = tagsOf(account, item);
  const by = identityOf(account.library === undefined ? account : call.grant.account);
  const answered: AnsweredItem = {
    ...(rendering.delta ? { "@odata.type": "#microsoft.graph.driveItem" } : {}),
    createdBy: by,
    createdDateTime: dateTime(account, item.created),
    eTag: tags.eTag,
    id: account.ids.id(item.n),
    lastModifiedBy: by,
    lastModifiedDateTime: dateTime(account, item.modified),
    name: item.name,
    parentReference: parentReference(account, item, places, rendering),
    webUrl: webUrl(tools, call, item, places),
    fileSystemInfo: { createdDateTime: dateTime(account, item.created), lastModifiedDateTime: dateTime(account, item.modified) },
    size: item.size,
  };
  const ctagInDelta = account.library !== undefined || tools.faults.strikesItem("ctag-in-delta", call.asked, item);
  if (business ? !item.folder && (!rendering.delta || ctagInDelta) : true) answered.cTag = tags.cTag;
  if (item.n === ROOT_N) answered.root = {};
  if (item.folder) answered.folder = { childCount: !business && rendering.delta ? 0 : item.children };
  else {
    answered.file = { mimeType: mimeTypeOf(item.name), hashes: hashFacet(hashes) };
    if (business && extensionOf(item.name) !== "") Object.assign(answered.file, { fileExtension: `.${extensionOf(item.name)}` });
    answered["@microsoft.graph.downloadUrl"] = downloadUrl(tools, call, item.n);
  }
  disguise(tools.faults, call, item, answered, rendering);
  return answered;
}

/** What is left of a deleted item in delta: on work accounts its id, on personal ones also its name. */
export function tombstone(tools: GraphTools, call: DriveCall, item: Item): AnsweredItem {
  const { drive: account } = call;
  const parentId = account.ids.id(item.parent ?? ROOT_N);
  const id = account.ids.id(item.n);
  const bogus = tools.faults.strikesItem("bogus-tombstones", call.asked, item);
  const never = "0001-01-01T00:00:00Z";
  const hashes = { file: { hashes: { quickXorHash: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" } } };
  if (account.form === "business") {
    const reference = { driveId: account.driveId, driveType: driveType(account), id: parentId };
    return { id, ...(bogus ? { lastModifiedDateTime: never, ...hashes } : {}), parentReference: reference, deleted: { state: "deleted" } };
  }
  return {
    eTag: tagsOf(account, item).eTag,
    id,
    lastModifiedDateTime: bogus ? never : dateTime(account, item.changed),
    name: item.name,
    parentReference: { driveId: account.driveId, driveType: "personal", id: parentId },
    deleted: {},
    ...(item.folder ? { folder: {} } : bogus ? hashes : { file: {} }),
  };
}

export function tagsOf(account: Account, item: Item): { eTag: string; cTag: string } {
  if (account.form === "personal") {
    const id = account.ids.id(item.n);
    return { eTag: legacyTag(`${id}.${item.revision}`), cTag: legacyTag(`c:${id}.${item.contentRevision + 256}`) };
  }
  const guid = account.ids.guid(item.n);
  return { eTag: `"{${guid}},${item.revision}"`, cTag: `"c:{${guid}},${item.contentRevision}"` };
}

const legacyTag = (text: string): string => `a${Buffer.from(text).toString("base64").replace(/=+$/, "")}`;

export function identityOf(account: Account): IdentitySet {
  const user = account.form === "business" ? { email: account.name, id: account.oid } : { id: account.cid };
  return { user: { ...user, displayName: account.displayName } };
}

/** Work accounts have whole seconds; personal ones milliseconds, without trailing zeros. */
export function dateTime(account: Account, time: number): string {
  if (account.form !== "personal") return `${new Date(time).toISOString().slice(0, 19)}Z`;
  return new Date(time).toISOString().replace(/\.?0*Z$/, "Z");
}

function hashFacet(hashes: Hashes): Record<string, string> {
  const facet: Record<string, string> = {};
  if (hashes.quickXor !== undefined) facet["quickXorHash"] = hashes.quickXor;
  if (hashes.sha1 !== undefined) facet["sha1Hash"] = hashes.sha1.toUpperCase();
  if (hashes.sha256 !== undefined) facet["sha256Hash"] = hashes.sha256.toUpperCase();
  return facet;
}

function parentReference(account: Account, item: Item, places: Places, rendering: Rendering): ItemReference {
  const business = account.form === "business";
  const reference: ItemReference = { driveType: driveType(account), driveId: account.driveId };
  const parent = places.parent(item);
  if (parent === undefined) return reference;
  reference.id = account.ids.id(parent.n);
  reference.name = parent.n === ROOT_N ? (business ? "Documents" : "root") : parent.name;
  if (!rendering.delta) reference.path = referencePath(account, places.segments(parent), rendering);
  if (business) reference.siteId = guidOf(`site of ${account.name}`);
  return reference;
}

export const driveType = (account: Account): string =>
  account.library === undefined ? (account.form === "business" ? "business" : "personal") : "documentLibrary";

/** `/drive/root:/a/b`; personal accounts percent-encode it. */
export function referencePath(account: Account, segments: readonly string[], rendering: Rendering): string {
  const written = account.form === "business" ? segments : segments.map(encodeURIComponent);
  return [`${rendering.drivePath}/root:`, ...written].join("/");
}

function webUrl(tools: GraphTools, call: DriveCall, item: Item, places: Places): string {
  const { drive } = call;
  const place = filesPlace(tools.sites, drive);
  const base = call.request.site(place.host);
  if (drive.form === "personal") return `${base}/s!${Buffer.from(drive.ids.id(item.n)).toString("base64url")}`;
  const site = [base, place.site].filter(Boolean).join("/");
  if (OFFICE.has(extensionOf(item.name))) {
    const guid = encodeURIComponent(`{${drive.ids.guid(item.n)}}`);
    return `${site}/_layouts/15/Doc.aspx?sourcedoc=${guid}&file=${encodeURIComponent(item.name)}&action=default&mobileredirect=true`;
  }
  return [site, encodeURIComponent(place.list), ...places.segments(item).map(encodeURIComponent)].join("/");
}
