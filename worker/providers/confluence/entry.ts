import type { Change, Entry } from "../provider.ts";
import type { Attachment, Page, Space } from "./api.ts";
import { CONVERSION, FILES, type PageFormat } from "./formats.ts";
import { attachmentItem, type Feed, fileItem, isAttachmentId, isNumber, pageItem, parentItem, rootId } from "./ids.ts";
import { nameOf } from "./names.ts";

/** What contents are looked at with. */
export interface Viewpoint {
  feed: Feed;
  formats: readonly PageFormat[];
  /** Where people find the site's Confluence, as answers say. */
  base: string;
  now: number;
}

export function spaceEntry({ feed, base }: Pick<Viewpoint, "feed" | "base">, { key, name }: Space): Entry {
  const webUrl = base !== "" && key ? { webUrl: `${base}/spaces/${encodeURIComponent(key)}` } : {};
  return { id: rootId(feed), root: true, kind: "folder", name: nameOf(name ?? key ?? "", "Space"), ...webUrl };
}

/** Whether a page is kept: what nobody has published yet, and what is in the trash, is not there. */
export function isLive({ status }: Pick<Page, "status">): boolean {
  return status === "current" || status === "archived";
}

/** A page: a folder, and in it its text in each format that is kept. Never throws: what makes no sense is reported as such. */
export function pageChanges(view: Viewpoint, value: unknown): Change[] {
  const page = (typeof value === "object" && value !== null ? value : {}) as Page;
  const { id, title, version } = page;
  if (!isNumber(id)) return [{ type: "malformed", reason: "The page has no id." }];
  const { feed, formats, now } = view;
  const item = pageItem(feed.siteId, id);
  const number = version?.number;
  if (typeof title !== "string" || typeof number !== "number")
    return [item, ...formats.map((format) => fileItem(feed.siteId, id, format))].map((one) => ({ type: "malformed", id: one, reason: "The page has no title, or no version." })); // prettier-ignore
  const name = nameOf(title, id);
  const common = { ...timesOf(page), ...webUrlOf(view, page) };
  const folder: Entry = { id: item, kind: "folder", name, parentId: parentItem(feed, page.parentId, page.parentType), ...common };
  const files = formats.map((format): Entry => {
    const { extension, mimeType } = FILES[format];
    return {
      id: fileItem(feed.siteId, id, format),
      kind: "file",
      name: `${name}${extension}`,
      parentId: item,
      mimeType,
      ...common,
      contentTag: `${number} ${format} ${CONVERSION}`,
      download: { url: pageAddress({ id, version: number, format }), at: now },
    };
  });
  return [folder, ...files].map((entry) => ({ type: "upsert", entry }));
}

/** What else may be above pages. */
export function containerEntry({ feed, base }: Viewpoint, type: string, id: string, container: Page): Entry {
  return {
    id: parentItem(feed, id, type),
    kind: "folder",
    name: nameOf(container.title ?? "", `${type} ${id}`),
    parentId: parentItem(feed, container.parentId, container.parentType),
    ...timesOf(container),
    ...webUrlOf({ base }, container),
  };
}

/** An attachment beside its page's text. `pageId`: where it was found, if it does not say so itself. */
export function attachmentChange(view: Viewpoint, value: unknown, pageId: string): Change {
  const attachment = (typeof value === "object" && value !== null ? value : {}) as Attachment;
  const { id, title, version, fileSize, mediaType } = attachment;
  if (!isAttachmentId(id)) return { type: "malformed", reason: "The attachment has no id." };
  const { feed, now } = view;
  const item = attachmentItem(feed.siteId, id);
  const number = version?.number;
  if (typeof title !== "string" || typeof number !== "number")
    return { type: "malformed", id: item, reason: "The attachment has no title, or no version." };
  const entry: Entry = {
    id: item,
    kind: "file",
    name: nameOf(title, id),
    parentId: pageItem(feed.siteId, pageId),
    ...(typeof mediaType === "string" && mediaType !== "" && { mimeType: mediaType }),
    ...(typeof fileSize === "number" && fileSize >= 0 && { size: fileSize }),
    ...timesOf(attachment),
    ...webUrlOf(view, attachment),
    contentTag: `${number} ${fileSize ?? ""}`,
    download: { url: attachmentAddress({ id, pageId, version: number }), at: now },
  };
  return { type: "upsert", entry };
}

// Where contents are, in our own words: their addresses follow from it. None is a secret, and none runs out before the version is gone.

export interface PageAddress {
  id: string;
  version: number;
  format: PageFormat;
}

export interface AttachmentAddress {
  id: string;
  pageId: string;
  version: number;
}

const pageAddress = ({ id, version, format }: PageAddress): string => `page/${id}/${version}/${format}`;
const attachmentAddress = ({ id, pageId, version }: AttachmentAddress): string => `attachment/${pageId}/${id}/${version}`;

export function parseAddress(url: string): PageAddress | AttachmentAddress | undefined {
  const [, id, version, format] = /^page\/(\d+)\/(\d+)\/(markdown|html)$/.exec(url) ?? [];
  if (id !== undefined) return { id, version: Number(version), format: format as PageFormat };
  const [, pageId, attachment, number] = /^attachment\/(\d+)\/(att\d+)\/(\d+)$/.exec(url) ?? [];
  return attachment === undefined || pageId === undefined ? undefined : { id: attachment, pageId, version: Number(number) };
}

function timesOf({ createdAt, version }: Pick<Page, "createdAt" | "version">): Pick<Entry, "createdAt" | "modifiedAt"> {
  const [created, modified] = [secondOf(createdAt), secondOf(version?.createdAt)];
  return { ...(created !== undefined && { createdAt: created }), ...(modified !== undefined && { modifiedAt: modified }) };
}

/** Milliseconds, at the second. */
function secondOf(value: string | null | undefined): number | undefined {
  const parsed = Date.parse(value ?? "");
  return Number.isNaN(parsed) ? undefined : Math.floor(parsed / 1000) * 1000;
}

function webUrlOf({ base }: Pick<Viewpoint, "base">, { _links: links }: Pick<Page, "_links">): Pick<Entry, "webUrl"> {
  return base !== "" && typeof links?.webui === "string" ? { webUrl: `${base}${links.webui}` } : {};
}
