import { ProviderError } from "../errors.ts";
import type { Resource } from "./api.ts";
import { type Aps, asObject, hasNext, isPartial, resourcesOf } from "./aps.ts";
import { type Listed, type ListedFolder, toFolder, toListed } from "./entry.ts";
import { dataPath, type ProjectRef } from "./project.ts";
import { relatedId } from "./aps.ts";

/** The most that there may be. */
const PAGE_ENTRIES = 200;

/** A page of what is directly in a folder. */
export interface ContentsPage {
  listed: Listed[];
  more: boolean;
  /** Whether the answer says that it leaves something out. */
  partial: boolean;
  answeredAt: number;
}

export async function contentsOf(
  aps: Aps,
  ref: ProjectRef,
  folderId: string,
  { page, withHidden }: { page: number; withHidden: boolean },
): Promise<ContentsPage> {
  const document = await aps.document(`${dataPath(ref, "folders", folderId)}/contents`, {
    "page[limit]": PAGE_ENTRIES,
    "page[number]": page,
    includeHidden: withHidden ? true : undefined,
  });
  const versions = versionsOf(document.included);
  const listed = resourcesOf(document.data).map((resource) => toListed(resource, versions, folderId, document.answeredAt));
  const more = hasNext(document);
  if (more && listed.length === 0) throw new ProviderError("transient", "A page of a folder is empty, and not the last one.");
  return { listed, more, partial: isPartial(document), answeredAt: document.answeredAt };
}

/** A folder by itself; "hidden" where it was deleted. Throws `not_found` where there is none. */
export async function folderOf(
  aps: Aps,
  ref: ProjectRef,
  id: string,
): Promise<{ folder: ListedFolder | "hidden"; parentId: string | undefined; answeredAt: number }> {
  const { data, answeredAt } = await aps.document(dataPath(ref, "folders", id));
  const resource = asObject<Resource>(data);
  if (resource.id !== id) throw new ProviderError("transient", "Autodesk answered with another folder.");
  const parentId = relatedId(resource, "parent");
  return { folder: resource.attributes?.hidden === true ? "hidden" : toFolder(resource, id, parentId), parentId, answeredAt };
}

/** An item by itself, with its tip. */
export async function itemOf(aps: Aps, ref: ProjectRef, id: string): Promise<Listed> {
  const document = await aps.document(dataPath(ref, "items", id));
  const resource = asObject<Resource>(document.data);
  if (resource.id !== id) throw new ProviderError("transient", "Autodesk answered with another item.");
  return toListed(resource, versionsOf(document.included), relatedId(resource, "parent"), document.answeredAt);
}

function versionsOf(included: unknown): Map<string, Resource> {
  const all = (Array.isArray(included) ? included : []) as Resource[];
  return new Map(all.flatMap((one) => (typeof one?.id === "string" ? [[one.id, one] as const] : [])));
}
