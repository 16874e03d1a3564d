import type { PhrasingContent } from "mdast";
import { type AdfContext, type AdfNode, attribute, childrenOf, isNode } from "./adf-node.ts";

// What is within a line of a document: text with its marks, and what stands in for text.

interface Mark {
  type: string;
  href?: string | undefined;
}

/** The outermost first. Colours, underlines and remarks have no form in Markdown: the text stays. */
const MARKS = ["link", "strike", "strong", "em", "sub", "sup", "code"];
const SPACE_EDGES = /^(\s*)([\s\S]*?)(\s*)$/;

interface Piece {
  marks: Mark[];
  content: PhrasingContent;
}

/** These nodes as one line. Space at its edges would only be there as character references. */
export function inline(nodes: readonly AdfNode[], context: AdfContext): PhrasingContent[] {
  const line = nest(nodes.flatMap((node) => pieces(node, context)));
  const [first, last] = [line[0], line.at(-1)];
  if (first?.type === "text") first.value = first.value.trimStart();
  if (last?.type === "text") last.value = last.value.trimEnd();
  return line.filter((node) => node.type !== "text" || node.value !== "");
}

/** All text that is in a node. */
export function plain(node: AdfNode): string {
  if (node.type === "hardBreak") return "\n";
  if (typeof node.text === "string") return node.text;
  return attribute(node, "text") ?? childrenOf(node).map(plain).join("");
}

function pieces(node: AdfNode, context: AdfContext): Piece[] {
  if (node.type === "text") return typeof node.text === "string" ? textPieces(node.text, marksOf(node)) : [];
  const stand = standIn(node, context);
  if (stand !== undefined) return stand === null ? [] : [{ marks: marksOf(node), content: stand }];
  const children = childrenOf(node);
  if (children.length > 0) return children.flatMap((child) => pieces(child, context));
  const text = plain(node);
  return text === "" ? [] : textPieces(text, []);
}

/** Space at the edges of marked text stands outside of the marks: within, Markdown would not take them for any. */
function textPieces(text: string, marks: Mark[]): Piece[] {
  const of = (value: string, marked: Mark[]): Piece[] => (value === "" ? [] : [{ marks: marked, content: { type: "text", value } }]);
  if (marks.length === 0) return of(text, []);
  if (marks.some(({ type }) => type === "code"))
    return [{ marks: marks.filter(({ type }) => type !== "code"), content: { type: "inlineCode", value: text } }];
  const [, before = "", inner = "", after = ""] = SPACE_EDGES.exec(text) ?? [];
  return [...of(before, []), ...of(inner, marks), ...of(after, [])];
}

/** What stands for a node that is no text; null for nothing, undefined where it is known by what is in it. */
function standIn(node: AdfNode, context: AdfContext): PhrasingContent | null | undefined {
  const text = (value: string): PhrasingContent => ({ type: "text", value });
  switch (node.type) {
    case "hardBreak":
      return { type: "break" };
    case "mention":
      return text(`@${(attribute(node, "text") ?? "someone").replace(/^@/, "")}`);
    case "emoji":
      return text(attribute(node, "text") ?? attribute(node, "shortName") ?? "");
    case "status":
      return { type: "strong", children: [text(attribute(node, "text") ?? "")] };
    case "date": {
      const at = Number(attribute(node, "timestamp"));
      return text(Number.isFinite(at) && Math.abs(at) < 8.64e15 ? new Date(at).toISOString().slice(0, 10) : "");
    }
    case "inlineCard":
    case "blockCard":
    case "embedCard": {
      const url = attribute(node, "url");
      return url === undefined ? null : { type: "link", url, children: [text(url)] };
    }
    case "media":
    case "mediaInline":
      return media(node, context);
    case "placeholder":
      return null;
    default:
      return undefined;
  }
}

function media(node: AdfNode, context: AdfContext): PhrasingContent | null {
  const url = attribute(node, "url");
  const name = attribute(node, "alt") ?? "";
  if (url !== undefined) return { type: "image", url, alt: name };
  const here = context.fileUrl(name);
  if (here !== undefined) return { type: "image", url: here, alt: name };
  return name === "" ? null : { type: "text", value: name };
}

function marksOf(node: AdfNode): Mark[] {
  const marks = (Array.isArray(node.marks) ? node.marks : []).filter(isNode).flatMap((mark): Mark[] => {
    if (mark.type === "link") return [{ type: "link", href: attribute(mark, "href") ?? "" }];
    if (mark.type === "subsup") return [{ type: attribute(mark, "type") === "sub" ? "sub" : "sup" }];
    return typeof mark.type === "string" && MARKS.includes(mark.type) ? [{ type: mark.type }] : [];
  });
  return marks.toSorted((one, other) => MARKS.indexOf(one.type) - MARKS.indexOf(other.type));
}

/** Neighbours that share a mark are marked together: `**a****b**` would be something else. */
function nest(all: readonly Piece[]): PhrasingContent[] {
  const made: PhrasingContent[] = [];
  for (let from = 0; from < all.length;) {
    const piece = all[from] as Piece;
    const [mark] = piece.marks;
    let to = from + 1;
    while (to < all.length && mark !== undefined && isSame(all[to]?.marks[0], mark)) to += 1;
    if (mark === undefined) made.push(piece.content);
    else made.push(...wrapped(mark, nest(all.slice(from, to).map(({ marks, content }) => ({ marks: marks.slice(1), content })))));
    from = to;
  }
  return merged(made);
}

function wrapped({ type, href = "" }: Mark, children: PhrasingContent[]): PhrasingContent[] {
  switch (type) {
    case "link":
      // A link holds no other one.
      return [
        { type: "link", url: href, children: children.flatMap((child) => (child.type === "link" ? child.children : child)) },
      ] as PhrasingContent[];
    case "strike":
      return [{ type: "delete", children }];
    case "strong":
      return [{ type: "strong", children }];
    case "em":
      return [{ type: "emphasis", children }];
    default:
      return [{ type: "html", value: `<${type}>` }, ...children, { type: "html", value: `</${type}>` }];
  }
}

function merged(nodes: readonly PhrasingContent[]): PhrasingContent[] {
  const all: PhrasingContent[] = [];
  for (const node of nodes) {
    const last = all.at(-1);
    if (node.type === "text" && last?.type === "text") all[all.length - 1] = { type: "text", value: last.value + node.value };
    else all.push(node);
  }
  return all;
}

function isSame(one: Mark | undefined, other: Mark): boolean {
  return one?.type === other.type && one.href === other.href;
}
