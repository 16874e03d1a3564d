/** A node of a document, as it comes: nothing of it is certain. */
export interface AdfNode {
  type?: unknown;
  text?: unknown;
  attrs?: Record<string, unknown> | null;
  marks?: unknown;
  content?: unknown;
}

export interface AdfContext {
  /** Where a file that a document shows can be found, by its name; undefined where it is nowhere. */
  fileUrl(name: string): string | undefined;
  /** Added to the level of each heading: the document is a part of another one. */
  headingsBelow: number;
}

export function isNode(value: unknown): value is AdfNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function childrenOf(node: AdfNode): AdfNode[] {
  return Array.isArray(node.content) ? node.content.filter(isNode) : [];
}

export function attribute(node: AdfNode, name: string): string | undefined {
  const value = node.attrs?.[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
