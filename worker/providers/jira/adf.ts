import type { BlockContent, Blockquote, ListItem, Paragraph, PhrasingContent, TableRow } from "mdast";
import { inline, plain } from "./adf-inline.ts";
import { type AdfContext, type AdfNode, attribute, childrenOf, isNode } from "./adf-node.ts";

// The Atlassian Document Format, in which Jira keeps what people write, as the tree of Markdown. What is not known is passed through by
// what is in it: nothing that somebody wrote is left out for want of a rule. No I/O.

/** Deeper than that, what is left is text. */
const DEPTH_MAX = 40;

/** Those that stand for no inline content. */
const BLOCKS = new Set(
  `paragraph heading codeBlock rule blockquote panel expand nestedExpand bulletList orderedList listItem taskList blockTaskItem decisionList
  table tableRow blockCard embedCard mediaSingle mediaGroup caption layoutSection layoutColumn bodiedExtension extension doc`.split(/\s+/),
);

const PANELS: Record<string, string> = { info: "Info", note: "Note", tip: "Tip", success: "Success", warning: "Warning", error: "Error" };

/** A document's blocks. What is a plain text, as from earlier interfaces, is a paragraph. */
export function blocksOf(document: unknown, context: AdfContext): BlockContent[] {
  if (typeof document === "string") return document === "" ? [] : [paragraph([{ type: "text", value: document }])];
  return isNode(document) ? blocks(childrenOf(document), context, 0) : [];
}

function blocks(nodes: readonly AdfNode[], context: AdfContext, depth: number): BlockContent[] {
  const found: BlockContent[] = [];
  let run: AdfNode[] = [];
  // Inline nodes where blocks belong, as in the items of task lists, are a paragraph together.
  const endRun = () => {
    const content = inline(run, context);
    if (content.length > 0) found.push(paragraph(content));
    run = [];
  };
  for (const node of nodes) {
    const made = depth > DEPTH_MAX ? [paragraph([{ type: "text", value: plain(node) }])] : block(node, context, depth + 1);
    if (made === null) run.push(node);
    else {
      endRun();
      found.push(...made);
    }
  }
  endRun();
  return found;
}

/** Null where the node is an inline one. */
function block(node: AdfNode, context: AdfContext, depth: number): BlockContent[] | null {
  const children = childrenOf(node);
  const within = () => blocks(children, context, depth);
  switch (node.type) {
    case "paragraph":
    case "caption": {
      const content = inline(children, context);
      return content.length > 0 ? [paragraph(content)] : [];
    }
    case "heading": {
      const level = Math.min(6, Math.max(1, Number(attribute(node, "level") ?? 1) || 1) + context.headingsBelow);
      return [{ type: "heading", depth: level as 1 | 2 | 3 | 4 | 5 | 6, children: inline(children, context) }];
    }
    case "codeBlock":
      return [{ type: "code", lang: attribute(node, "language") ?? null, value: children.map(plain).join("") }];
    case "rule":
      return [{ type: "thematicBreak" }];
    case "blockquote":
      return [quote(within())];
    case "panel":
      return [quote([title(PANELS[attribute(node, "panelType") ?? ""] ?? "Panel"), ...within()])];
    case "expand":
    case "nestedExpand": {
      const name = attribute(node, "title");
      return name ? [title(name), ...within()] : within();
    }
    case "bulletList":
    case "orderedList":
    case "taskList":
    case "decisionList":
      return [list(node, children, context, depth)];
    case "table":
      return table(children, context, depth);
    case "blockCard":
    case "embedCard":
      return [paragraph(inline([node], context))];
    case "mediaSingle":
    case "mediaGroup":
      return within();
    default:
      return isBlock(node) ? within() : null;
  }
}

/** A node that is not known is a block where blocks are in it. */
function isBlock(node: AdfNode): boolean {
  return BLOCKS.has(String(node.type)) || childrenOf(node).some(({ type }) => BLOCKS.has(String(type)));
}

function list(node: AdfNode, children: readonly AdfNode[], context: AdfContext, depth: number): BlockContent {
  const ordered = node.type === "orderedList";
  const start = Number(attribute(node, "order") ?? 1);
  const items: ListItem[] = [];
  for (const child of children) {
    // A list in a list of tasks stands between its items: it belongs to the one before.
    if (child.type === node.type) items.at(-1)?.children.push(...blocks([child], context, depth));
    else items.push(item(child, context, depth));
  }
  return { type: "list", ordered, spread: false, ...(ordered && { start: Number.isInteger(start) ? start : 1 }), children: items };
}

function item(node: AdfNode, context: AdfContext, depth: number): ListItem {
  const checked = node.type === "taskItem" || node.type === "blockTaskItem" ? attribute(node, "state") === "DONE" : null;
  const content = blocks(childrenOf(node), context, depth);
  // A box has to stand before some text.
  if (checked !== null && content[0]?.type !== "paragraph") content.unshift(paragraph([{ type: "text", value: "…" }]));
  return { type: "listItem", spread: false, checked, children: content };
}

/** Markdown's cells hold one line: their paragraphs are parted by breaks of HTML. A table without a head has an empty one. */
function table(rows: readonly AdfNode[], context: AdfContext, depth: number): BlockContent[] {
  const made = rows
    .filter(({ type }) => type === "tableRow")
    .map((row): TableRow => {
      const cells = childrenOf(row).flatMap((cell) => {
        const span = Math.min(50, Math.max(1, Number(attribute(cell, "colspan") ?? 1) || 1));
        const first = { type: "tableCell" as const, children: line(childrenOf(cell), context, depth) };
        return [first, ...Array.from({ length: span - 1 }, () => ({ type: "tableCell" as const, children: [] }))];
      });
      return { type: "tableRow", children: cells };
    });
  if (made.length === 0) return [];
  const hasHead = childrenOf(rows[0] ?? {}).every(({ type }) => type === "tableHeader");
  const columns = Math.max(...made.map(({ children }) => children.length));
  const empty: TableRow = { type: "tableRow", children: Array.from({ length: columns }, () => ({ type: "tableCell", children: [] })) };
  return [{ type: "table", children: hasHead ? made : [empty, ...made] }];
}

/** Blocks in one line. */
function line(nodes: readonly AdfNode[], context: AdfContext, depth: number): PhrasingContent[] {
  const parts = nodes.map((node): PhrasingContent[] => {
    if (!isBlock(node)) return inline([node], context);
    if (node.type === "codeBlock") return [{ type: "inlineCode", value: plain(node).replaceAll("\n", " ") }];
    if (depth > DEPTH_MAX) return [{ type: "text", value: plain(node) }];
    const children = childrenOf(node);
    return children.some(isBlock) ? line(children, context, depth + 1) : inline(node.type === "blockCard" ? [node] : children, context);
  });
  return parts
    .filter((part) => part.length > 0)
    .flatMap((part, index) => [...(index > 0 ? [BREAK] : []), ...part.map((each) => (each.type === "break" ? BREAK : each))]);
}

const BREAK = { type: "html", value: "<br>" } as const;

function paragraph(children: PhrasingContent[]): Paragraph {
  return { type: "paragraph", children };
}

function title(text: string): Paragraph {
  return paragraph([{ type: "strong", children: [{ type: "text", value: text }] }]);
}

function quote(children: BlockContent[]): Blockquote {
  return { type: "blockquote", children };
}
