import { XMLParser } from "fast-xml-parser";
import { ProviderError } from "../errors.ts";

/** Beyond what a multistatus needs, by far. */
const NESTING_MAX = 20;
const PREDEFINED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const NAMESPACE_OF_XML = "http://www.w3.org/XML/1998/namespace";

export interface XmlElement {
  /** `{namespace}local`. */
  name: string;
  children: XmlElement[];
  /** Its own text, trimmed. */
  text: string;
}

type Node = Record<string, unknown>;
type Scope = ReadonlyMap<string, string>;

// No entity is ever expanded but the five that XML has itself, and references to characters.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  cdataPropName: "#cdata",
  parseTagValue: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: NESTING_MAX,
});

/** The root of a document that is there to its end. What is no such document is an error that may pass: a front door's page, a broken answer. */
export function parseXml(text: string): XmlElement {
  if (/<!DOCTYPE/i.test(text)) throw nonsense("The server's XML brings declarations of its own, which are not read.");
  let nodes: unknown;
  try {
    nodes = parser.parse(text);
  } catch (error) {
    throw nonsense("The server's answer is not XML.", error);
  }
  const [root] = elementsOf(nodes, new Map([["xml", NAMESPACE_OF_XML]]));
  if (!root) throw nonsense("The server's answer is not XML.");
  // The parser takes a document that was cut off for a whole one.
  if (!endsWith(text, root)) throw nonsense("The server's answer was cut short.");
  return root;
}

/** The text of an element and of all that is in it. */
export function deepText(element: XmlElement): string {
  return [element.text, ...element.children.map(deepText)].filter((text) => text !== "").join(" ");
}

export function childrenNamed(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

function elementsOf(nodes: unknown, scope: Scope): XmlElement[] {
  if (!Array.isArray(nodes)) return [];
  return (nodes as Node[]).flatMap((node) => elementOf(node, scope) ?? []);
}

function elementOf(node: Node, outer: Scope): XmlElement | undefined {
  const tag = Object.keys(node).find((key) => key !== ":@" && !key.startsWith("#"));
  if (tag === undefined) return undefined;
  const scope = scopeOf((node[":@"] ?? {}) as Record<string, unknown>, outer);
  const [prefix, local] = tag.includes(":") ? (tag.split(":", 2) as [string, string]) : ["", tag];
  const inside = (Array.isArray(node[tag]) ? node[tag] : []) as Node[];
  return { name: `{${scope.get(prefix) ?? ""}}${local}`, children: elementsOf(inside, scope), text: inside.map(textOf).join("").trim() };
}

function scopeOf(attributes: Record<string, unknown>, outer: Scope): Scope {
  const declared = Object.entries(attributes).filter(([name]) => name === "xmlns" || name.startsWith("xmlns:"));
  if (declared.length === 0) return outer;
  return new Map([...outer, ...declared.map(([name, uri]) => [name.slice("xmlns:".length), decode(String(uri))] as const)]);
}

function textOf(node: Node): string {
  if (typeof node["#text"] === "string") return decode(node["#text"]);
  if (!Array.isArray(node["#cdata"])) return "";
  return (node["#cdata"] as Node[]).map((part) => (typeof part["#text"] === "string" ? part["#text"] : "")).join("");
}

function decode(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return PREDEFINED[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Whether the document ends with the end of its root. */
function endsWith(text: string, root: XmlElement): boolean {
  const end = text.trimEnd();
  if (end.endsWith("/>")) return root.children.length === 0;
  const closing = end.slice(end.lastIndexOf("</") + 2, -1).trim();
  return end.endsWith(">") && closing.split(":").at(-1) === localOf(root.name);
}

function localOf(name: string): string {
  return name.slice(name.indexOf("}") + 1);
}

function nonsense(message: string, cause?: unknown): ProviderError {
  return new ProviderError("transient", message, { cause });
}
