import { ProviderError } from "../errors.ts";
import { FILES, type PageFormat } from "./formats.ts";

// Items are named by the site's id and the content's: two sites count the same way. A page is a folder, and in it files of its text.
// None of the parts has a slash in it.

/** What is above pages besides pages. By what the API calls one, where it is asked for. */
export const CONTAINERS: Readonly<Record<string, string>> = {
  folder: "folders",
  whiteboard: "whiteboards",
  database: "databases",
  embed: "embeds",
};

const NUMBER = /^\d{1,20}$/;
const ATTACHMENT = /^att\d{1,20}$/;

export interface Feed {
  siteId: string;
  spaceId: string;
}

export const feedId = ({ siteId, spaceId }: Feed): string => `${siteId}/${spaceId}`;

/** Throws `not_found` where it is none of ours. */
export function parseFeed(id: string): Feed {
  const [siteId = "", spaceId = "", ...rest] = id.split("/");
  if (siteId === "" || !NUMBER.test(spaceId) || rest.length > 0) throw new ProviderError("not_found", "There is no such space.");
  return { siteId, spaceId };
}

export const isNumber = (value: unknown): value is string => typeof value === "string" && NUMBER.test(value);
export const isAttachmentId = (value: unknown): value is string => typeof value === "string" && ATTACHMENT.test(value);

export const rootId = ({ siteId, spaceId }: Feed): string => `${siteId}/space:${spaceId}`;
export const pageItem = (siteId: string, pageId: string): string => `${siteId}/${pageId}`;
export const fileItem = (siteId: string, pageId: string, format: PageFormat): string => `${siteId}/${pageId}${FILES[format].extension}`;
export const attachmentItem = (siteId: string, id: string): string => `${siteId}/${id}`;

/** The folder that something lies in: a page, or whatever else may be above pages. */
export function parentItem(feed: Feed, parentId: string | null | undefined, parentType: string | null | undefined): string {
  if (!isNumber(parentId)) return rootId(feed);
  return CONTAINERS[parentType ?? "page"] === undefined ? pageItem(feed.siteId, parentId) : `${feed.siteId}/${parentType}:${parentId}`;
}

/** What an item's id names. */
export type Named =
  | { kind: "space" }
  | { kind: "page"; id: string; format?: PageFormat }
  | { kind: "container"; type: string; id: string }
  | { kind: "attachment"; id: string };

/** Undefined where the id is none of this feed's site. */
export function parseItem({ siteId, spaceId }: Feed, item: string): Named | undefined {
  if (!item.startsWith(`${siteId}/`)) return undefined;
  const rest = item.slice(siteId.length + 1);
  if (ATTACHMENT.test(rest)) return { kind: "attachment", id: rest };
  const [type = "", number = ""] = rest.split(":");
  if (type === "space" && number === spaceId) return { kind: "space" };
  if (CONTAINERS[type] !== undefined && NUMBER.test(number)) return { kind: "container", type, id: number };
  const [id = "", extension] = rest.split(".");
  if (!NUMBER.test(id)) return undefined;
  if (extension === undefined) return { kind: "page", id };
  const format = (Object.keys(FILES) as PageFormat[]).find((one) => FILES[one].extension === `.${extension}`);
  return format === undefined ? undefined : { kind: "page", id, format };
}
