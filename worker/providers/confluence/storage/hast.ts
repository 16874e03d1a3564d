import type { Element, RootContent } from "hast";

/** An element of HTML. */
export function h(tagName: string, properties: Element["properties"], children: readonly RootContent[] | string = []): Element {
  const inside = typeof children === "string" ? [{ type: "text" as const, value: children }] : children;
  return { type: "element", tagName, properties, children: inside as Element["children"] };
}
