import type { Element } from "hast";
import { nameOf } from "../names.ts";
import { attribute, firstNamed } from "./parse.ts";

/** A page as it is written out. */
export interface PageSource {
  title: string;
  /** In Confluence's storage format. */
  body: string;
  /** Where people find the site's Confluence, without a slash at its end; empty where that is not known. */
  base: string;
  /** Of the space that the page is in. */
  spaceKey: string;
}

/** Where people find a page that is named by its title. */
export function pageUrl({ base, spaceKey }: PageSource, title: string, otherSpace?: string): string {
  return `${base}/display/${encodeURIComponent(otherSpace ?? spaceKey)}/${encodeURIComponent(title).replaceAll("%20", "+")}`;
}

/** A page's attachments lie beside its file; those of another page are where people find that one. */
export function attachmentUrl(attachment: Element, page: PageSource): string {
  const elsewhere = firstNamed(attachment, "ri:page", "ri:blog-post");
  if (elsewhere) return pageUrl(page, attribute(elsewhere, "ri:content-title") ?? "", attribute(elsewhere, "ri:space-key"));
  return encodeURIComponent(nameOf(attribute(attachment, "ri:filename") ?? "", "attachment"));
}
