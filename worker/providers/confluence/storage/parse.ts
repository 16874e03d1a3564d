import type { Element, Root } from "hast";
import { Parser } from "htmlparser2";

/** Deeper than people nest things; what is deeper is told at this depth. */
const DEPTH_MAX = 60;

/**
 * A page's body in Confluence's storage format as a tree: XHTML with elements of its own, whose attributes keep their names. Never
 * throws: what is not well-formed is read as a browser would.
 */
export function parseStorage(text: string): Root {
  const root: Root = { type: "root", children: [] };
  const open: (Element | Root)[] = [root];
  let tooDeep = 0;
  const append = (child: Root["children"][number]): void => void open.at(-1)?.children.push(child as Element);
  const parser = new Parser(
    {
      onopentag: (tagName, attributes) => {
        if (open.length > DEPTH_MAX) return void (tooDeep += 1);
        const element: Element = { type: "element", tagName, properties: { ...attributes }, children: [] };
        append(element);
        open.push(element);
      },
      onclosetag: () => {
        if (tooDeep > 0) tooDeep -= 1;
        else open.pop();
      },
      ontext: (value) => {
        const last = open.at(-1)?.children.at(-1);
        if (last?.type === "text") last.value += value;
        else append({ type: "text", value });
      },
    },
    { recognizeCDATA: true, recognizeSelfClosing: true },
  );
  parser.end(text);
  return root;
}

export type Node = Root["children"][number];

/** An attribute; undefined where there is none. */
export function attribute(element: Element, name: string): string | undefined {
  const value = element.properties[name];
  return typeof value === "string" ? value : undefined;
}

export function elementsNamed(element: Element | Root, ...names: readonly string[]): Element[] {
  return (element.children as Node[]).filter((child): child is Element => child.type === "element" && names.includes(child.tagName));
}

export function firstNamed(element: Element | Root, ...names: readonly string[]): Element | undefined {
  return elementsNamed(element, ...names)[0];
}

/** All text in a node. */
export function textOf(node: Node | Root): string {
  if (node.type === "text") return node.value;
  return "children" in node ? (node.children as Node[]).map(textOf).join("") : "";
}
