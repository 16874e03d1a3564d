import type { Element, RootContent } from "hast";
import { h } from "./hast.ts";
import type { PageSource } from "./page.ts";
import { attachmentUrl, pageUrl } from "./page.ts";
import { attribute, elementsNamed, firstNamed, textOf } from "./parse.ts";

const PANELS = new Set(["info", "note", "warning", "tip", "panel"]);
/** Only what they hold is there. */
const WRAPPERS = new Set(["excerpt", "section", "column", "details", "div", "span", "center", "align"]);
const CODE = new Set(["code", "noformat"]);
const FILES = new Set(["view-file", "viewpdf", "viewdoc", "viewxls", "viewppt", "multimedia"]);

/** A macro as HTML; `contentOf`: what is in an element. One that nothing is known of is what it holds, or its name. */
export function macro(node: Element, page: PageSource, contentOf: (element: Element | undefined) => RootContent[]): RootContent[] {
  const name = attribute(node, "ac:name") ?? "macro";
  const parameter = (wanted: string): string | undefined => {
    const found = elementsNamed(node, "ac:parameter").find((one) => attribute(one, "ac:name") === wanted);
    return found && textOf(found);
  };
  const title = parameter("title");
  const rich = firstNamed(node, "ac:rich-text-body");
  const plain = firstNamed(node, "ac:plain-text-body");
  if (CODE.has(name)) return code(plain ? textOf(plain) : "", parameter("language"), title);
  if (PANELS.has(name)) {
    const heading = title ?? (name === "panel" ? undefined : capitalised(name));
    return [h("blockquote", {}, [...(heading === undefined ? [] : [h("p", {}, [h("strong", {}, heading)])]), ...contentOf(rich)])];
  }
  if (name === "expand") return [h("p", {}, [h("strong", {}, title ?? "Click here to expand")]), ...contentOf(rich)];
  if (name === "status") return [h("strong", {}, title ?? parameter("colour") ?? "status")];
  if (name === "anchor") return [];
  if (name === "jira" && parameter("key") !== undefined) return [h("code", {}, parameter("key") ?? "")];
  if (name === "include" || name === "excerpt-include") return [reference(node, name, page)];
  if (FILES.has(name)) return [file(node, page)];
  if (WRAPPERS.has(name) && rich) return contentOf(rich);
  if (rich) return [note(name), ...contentOf(rich)];
  return plain ? [note(name), ...code(textOf(plain), undefined, undefined)] : [note(name)];
}

function code(text: string, language: string | undefined, title: string | undefined): RootContent[] {
  const className = language !== undefined && /^[\w+#.-]+$/.test(language) ? [`language-${language}`] : [];
  const block = h("pre", {}, [h("code", className.length > 0 ? { className } : {}, text)]);
  return title === undefined ? [block] : [h("p", {}, [h("strong", {}, title)]), block];
}

/** The page that is shown in this one's place. */
function reference(node: Element, name: string, page: PageSource): RootContent {
  const target = elementsNamed(node, "ac:parameter").flatMap((one) => [...elementsNamed(one, "ri:page"), ...elementsNamed(one, "ac:link")]);
  const [first] = target.flatMap((one) => (one.tagName === "ri:page" ? one : elementsNamed(one, "ri:page")));
  const title = first && attribute(first, "ri:content-title");
  if (first === undefined || title === undefined) return note(name);
  return h("p", {}, [h("a", { href: pageUrl(page, title, attribute(first, "ri:space-key")) }, title)]);
}

function file(node: Element, page: PageSource): RootContent {
  const [attached] = elementsNamed(node, "ac:parameter").flatMap((one) => elementsNamed(one, "ri:attachment"));
  if (!attached) return note(attribute(node, "ac:name") ?? "file");
  return h("p", {}, [h("a", { href: attachmentUrl(attached, page) }, attribute(attached, "ri:filename") ?? "attachment")]);
}

/** That something stands here which only Confluence can show. */
function note(name: string): RootContent {
  return h("p", {}, [h("em", {}, `[${name}]`)]);
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
