import type { Change, Entry, SkipReason } from "../provider.ts";
import type { Resource } from "./api.ts";
import { relatedId } from "./aps.ts";

/** The tip of an item that was deleted. */
const DELETED = "versions:autodesk.core:Deleted";
/** Revit's models in the cloud have no file before they are published. */
const CLOUD_MODEL = /:C4RModel$/;
/** What has no content after so long will have none. */
const PROCESSING_MILLISECONDS = 86_400_000;

/** A folder as it is listed. Its tag is what its time says of all that is below, to be given with its content. */
export interface ListedFolder {
  entry: Entry;
  tag: string | undefined;
}

/** What a listed resource is. `unsettled`: there is more to come of it, without the folder's time telling. */
export type Listed =
  | { type: "folder"; folder: ListedFolder }
  | { type: "hidden"; id: string }
  | { type: "file"; entry: Entry; unsettled: boolean }
  | { type: "malformed"; change: Change };

/** `parentId`: the folder that it was listed in. `versions`: the tips that came with the list. `now`: by Autodesk's clock. */
export function toListed(resource: Resource, versions: ReadonlyMap<string, Resource>, parentId: string | undefined, now: number): Listed {
  const { id, type, attributes } = resource;
  if (typeof id !== "string" || !attributes || (type !== "folders" && type !== "items")) {
    return {
      type: "malformed",
      change: { type: "malformed", reason: "An entry of a folder cannot be read.", ...(typeof id === "string" && { id }) },
    };
  }
  if (type === "folders") {
    if (attributes.hidden === true) return { type: "hidden", id };
    return { type: "folder", folder: toFolder(resource, id, parentId) };
  }
  const version = versions.get(relatedId(resource, "tip") ?? "");
  if (attributes.hidden === true || version?.attributes?.extension?.type === DELETED) return { type: "hidden", id };
  if (!version) return { type: "malformed", change: { type: "malformed", id, reason: "The item’s latest version is not told." } };
  return toFile(resource, version, { id, parentId, now });
}

export function toFolder({ attributes }: Resource, id: string, parentId: string | undefined): ListedFolder {
  const entry: Entry = {
    id,
    kind: "folder",
    name: attributes?.name ?? attributes?.displayName ?? id,
    ...(parentId !== undefined && { parentId }),
    ...timesOf(attributes),
  };
  return { entry, tag: attributes?.lastModifiedTimeRollup ?? undefined };
}

function toFile(
  item: Resource,
  version: Resource,
  { id, parentId, now }: { id: string; parentId: string | undefined; now: number },
): Listed {
  const told = version.attributes ?? {};
  const size = told.storageSize;
  const storage = relatedId(version, "storage");
  const webUrl = item.links?.webView?.href;
  const isModel = CLOUD_MODEL.test(told.extension?.type ?? "");
  const times = { ...timesOf(told), ...createdAtOf(item.attributes?.createTime) };
  const skip: SkipReason | undefined = storage === undefined ? "no_content" : undefined;
  const entry: Entry = {
    id,
    kind: "file",
    name: nameOf(item, version, id),
    ...(parentId !== undefined && { parentId }),
    ...(typeof size === "number" && Number.isSafeInteger(size) && size >= 0 && { size }),
    ...(typeof told.mimeType === "string" && told.mimeType !== "" && { mimeType: told.mimeType }),
    ...(typeof webUrl === "string" && { webUrl }),
    ...times,
    // Contents are never changed where they are stored: another place is another content, and a new name is not.
    ...(storage !== undefined && { contentTag: storage, download: { url: storage, at: now } }),
    ...(skip !== undefined && { skip }),
  };
  const unsettled = storage === undefined && !isModel && now - (times.modifiedAt ?? now) < PROCESSING_MILLISECONDS;
  return { type: "file", entry, unsettled };
}

/** An item is named without its extension at times, where its version has it. */
function nameOf(item: Resource, version: Resource, id: string): string {
  const own = item.attributes?.displayName;
  const { name, displayName, fileType } = version.attributes ?? {};
  if (typeof own === "string" && own !== "" && fileType && name?.toLowerCase() === `${own}.${fileType}`.toLowerCase()) return name;
  return own || name || displayName || id;
}

function timesOf(attributes: Resource["attributes"]): { createdAt?: number; modifiedAt?: number } {
  const modifiedAt = wholeSeconds(attributes?.lastModifiedTime);
  return { ...createdAtOf(attributes?.createTime), ...(modifiedAt !== undefined && { modifiedAt }) };
}

function createdAtOf(text: string | null | undefined): { createdAt?: number } {
  const createdAt = wholeSeconds(text);
  return createdAt === undefined ? {} : { createdAt };
}

/** Times come with seven digits behind the second, and some of the years that stand for "unknown". */
function wholeSeconds(text: string | null | undefined): number | undefined {
  const at = Date.parse((text ?? "").replace(/\.\d+/, ""));
  return Number.isNaN(at) || at <= 0 ? undefined : at;
}
