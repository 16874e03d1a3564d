import type { Root } from "hast";
import { toHtml } from "hast-util-to-html";
import { toMdast } from "hast-util-to-mdast";
import { gfmToMarkdown } from "mdast-util-gfm";
import { toMarkdown } from "mdast-util-to-markdown";
import type { PageFormat } from "../formats.ts";
import type { PageSource } from "./page.ts";
import { parseStorage } from "./parse.ts";
import { h } from "./hast.ts";
import { contentOf } from "./to-hast.ts";

/**
 * A page as a file. The same page gives the same bytes: nothing of it is looked up, dated or numbered. Where what is written changes,
 * `CONVERSION` in `formats.ts` has to.
 */
export function writePage(page: PageSource, format: PageFormat): string {
  const body = contentOf(parseStorage(page.body), page);
  const tree: Root = { type: "root", children: [h("h1", {}, page.title), ...body] };
  return format === "html" ? html(page, tree) : markdown(tree);
}

function markdown(tree: Root): string {
  const mdast = toMdast(tree, { document: true });
  return toMarkdown(mdast, { extensions: [gfmToMarkdown()], bullet: "-", emphasis: "_", rule: "-", listItemIndent: "one" });
}

function html({ title }: PageSource, tree: Root): string {
  const head = toHtml(h("title", {}, title));
  return `<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n${head}\n</head>\n<body>\n${toHtml(tree)}\n</body>\n</html>\n`;
}
