import type { Element, Root, RootContent } from "hast";
import { h } from "./hast.ts";
import { macro } from "./macros.ts";
import type { PageSource } from "./page.ts";
import { attachmentUrl, pageUrl } from "./page.ts";
import { attribute, elementsNamed, firstNamed, textOf, type Node } from "./parse.ts";

// Confluence's storage format as plain HTML. What has no equivalent is told in words, and nothing of it is left out silently.

/** Elements that are kept, with the attributes that are. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  a: ["title"],
  table: [],
  td: ["colspan", "rowspan"],
  th: ["colspan", "rowspan"],
  ol: ["start"],
};
const PLAIN =
  "p h1 h2 h3 h4 h5 h6 ul li br hr strong b em i u s del ins sub sup small code pre blockquote thead tbody tfoot tr caption colgroup col dl dt dd span div cite kbd q abbr details summary".split(
    " ",
  );
const DROPPED = new Set(["ac:parameter", "ac:placeholder", "ac:task-id", "ac:task-uuid", "ac:adf-attribute", "script", "style"]);
const SAFE_URL = /^(https?:|mailto:|tel:|#)/i;

/** What is in an element, or in a whole body. */
export function contentOf(parent: Element | Root | undefined, page: PageSource): RootContent[] {
  return ((parent?.children ?? []) as Node[]).flatMap((node) => toHtml(node, page));
}

function toHtml(node: Node, page: PageSource): RootContent[] {
  if (node.type === "text") return [node];
  if (node.type !== "element" || DROPPED.has(node.tagName)) return [];
  switch (node.tagName) {
    case "ac:structured-macro":
    case "ac:macro":
      return macro(node, page, (inner) => contentOf(inner, page));
    case "ac:link":
      return [link(node, page)];
    case "ac:image":
      return [image(node, page)];
    case "ac:task-list":
      return [h("ul", { className: ["contains-task-list"] }, elementsNamed(node, "ac:task").map((task) => taskItem(task, page)))]; // prettier-ignore
    case "ac:emoticon":
      return [{ type: "text", value: attribute(node, "ac:emoji-fallback") ?? `:${attribute(node, "ac:name") ?? "smile"}:` }];
    case "ac:adf-extension":
      return contentOf(firstNamed(node, "ac:adf-fallback") ?? node, page);
    case "ri:user":
      return [{ type: "text", value: mention(node) }];
    case "time":
      return [{ type: "text", value: attribute(node, "datetime") ?? textOf(node) }];
    case "a":
      return [h("a", kept(node, { href: safeUrl(attribute(node, "href"), page) }), contentOf(node, page))];
    case "img":
      return [h("img", { src: safeUrl(attribute(node, "src"), page) ?? "", alt: attribute(node, "alt") ?? "" })];
    default:
      return KEPT[node.tagName] || PLAIN.includes(node.tagName) ? [h(node.tagName, kept(node), contentOf(node, page))] : group(node, page);
  }
}

/** Layouts are blocks; anything else is only what is in it. */
function group(node: Element, page: PageSource): RootContent[] {
  return node.tagName.startsWith("ac:layout") ? [h("div", {}, contentOf(node, page))] : contentOf(node, page);
}

function kept(node: Element, more: Record<string, string | undefined> = {}): Element["properties"] {
  const names = KEPT[node.tagName] ?? [];
  const given = names.map((name): [string, string | undefined] => [name, attribute(node, name)]);
  const all = [...given, ...Object.entries(more)].filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(all);
}

/** An address that can do no harm; one of the site itself is whole then. */
function safeUrl(url: string | undefined, { base }: PageSource): string | undefined {
  if (url === undefined) return undefined;
  if (url.startsWith("/") && base !== "") return URL.parse(url, base)?.href;
  return SAFE_URL.test(url.trim()) ? url.trim() : undefined;
}

/** A link to another page, to an attachment, or to a person. */
function link(node: Element, page: PageSource): RootContent {
  const body = firstNamed(node, "ac:link-body", "ac:plain-text-link-body");
  const words = contentOf(body, page);
  const labelled = (label: string): RootContent[] => (words.length > 0 ? words : [{ type: "text", value: label }]);
  const anchor = attribute(node, "ac:anchor");
  const hash = anchor === undefined ? "" : `#${encodeURIComponent(anchor)}`;
  const target = firstNamed(node, "ri:page", "ri:blog-post", "ri:attachment", "ri:url", "ri:user", "ri:space", "ri:content-entity");
  switch (target?.tagName) {
    case "ri:page":
    case "ri:blog-post": {
      const title = attribute(target, "ri:content-title") ?? "";
      return h("a", { href: `${pageUrl(page, title, attribute(target, "ri:space-key"))}${hash}` }, labelled(title));
    }
    case "ri:attachment":
      return h("a", { href: attachmentUrl(target, page) }, labelled(attribute(target, "ri:filename") ?? "attachment"));
    case "ri:url":
      return h("a", kept(node, { href: safeUrl(attribute(target, "ri:value"), page) }), labelled(attribute(target, "ri:value") ?? ""));
    case "ri:user":
      return h("span", {}, labelled(mention(target)));
    case "ri:space": {
      const key = attribute(target, "ri:space-key") ?? page.spaceKey;
      return h("a", { href: `${page.base}/spaces/${encodeURIComponent(key)}` }, labelled(key));
    }
    default:
      return hash === "" ? h("span", {}, words) : h("a", { href: hash }, labelled(anchor ?? ""));
  }
}

function image(node: Element, page: PageSource): RootContent {
  const attached = firstNamed(node, "ri:attachment");
  const url = firstNamed(node, "ri:url");
  const alt = attribute(node, "ac:alt") ?? (attached && attribute(attached, "ri:filename")) ?? "";
  const src = attached ? attachmentUrl(attached, page) : safeUrl(url && attribute(url, "ri:value"), page);
  return src === undefined ? h("span", {}, alt) : h("img", { src, alt });
}

function taskItem(task: Element, page: PageSource): Element {
  const status = firstNamed(task, "ac:task-status");
  const checked = status !== undefined && textOf(status).trim() === "complete";
  const box = h("input", { type: "checkbox", disabled: true, ...(checked && { checked: true }) });
  const body = contentOf(firstNamed(task, "ac:task-body"), page);
  return h("li", { className: ["task-list-item"] }, [box, { type: "text", value: " " }, ...body]);
}

/** Who is meant is told by their id alone: names are not part of a page. */
function mention(user: Element): string {
  return `@${attribute(user, "ri:account-id") ?? attribute(user, "ri:userkey") ?? "somebody"}`;
}
