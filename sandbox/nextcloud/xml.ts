import { XMLParser } from "fast-xml-parser";
import { Refusal, type Answer } from "../answers.ts";

const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n';
const NAMESPACES = 'xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"';
/** The prefixes that the answers are written with, by namespace. */
const PREFIXES: Readonly<Record<string, string>> = { "DAV:": "d", "http://owncloud.org/ns": "oc", "http://nextcloud.org/ns": "nc" };

export const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** A refusal as Sabre words it: the class of the exception, and a sentence. */
export function sabreAnswer(status: number, exception: string, message: string, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { "Content-Type": "application/xml; charset=utf-8", ...headers },
    body: `${DECLARATION}<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">\n  <s:exception>${escapeXml(exception)}</s:exception>\n  <s:message>${escapeXml(message)}</s:message>\n</d:error>\n`,
  };
}

export function refuse(status: number, exception: string, message: string, headers: Record<string, string> = {}): never {
  throw new Refusal(sabreAnswer(status, exception, message, headers));
}

export const multistatus = (responses: readonly string[]): Response =>
  new Response(`${DECLARATION}<d:multistatus ${NAMESPACES}>${responses.join("")}</d:multistatus>`, {
    status: 207,
    headers: { "Content-Type": "application/xml; charset=utf-8", DAV: "1, 3, extended-mkcol" },
  });

/** One resource: what it has of the properties that were asked for, and, unless told to leave that out, what it has not. */
export function responseOf(href: string, asked: readonly string[], values: ReadonlyMap<string, string>, minimal: boolean): string {
  const there = asked.filter((name) => values.has(name));
  const missing = asked.filter((name) => !values.has(name));
  const found = there.map((name) => elementOf(name, values.get(name) ?? "")).join("");
  const lost = missing.map((name) => elementOf(name, "")).join("");
  const first = `<d:propstat><d:prop>${found}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>`;
  const second = `<d:propstat><d:prop>${lost}</d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>`;
  return `<d:response><d:href>${escapeXml(href)}</d:href>${first}${missing.length === 0 || minimal ? "" : second}</d:response>`;
}

function elementOf(name: string, value: string): string {
  const [namespace = "", local = ""] = name.slice(1).split("}");
  const prefix = PREFIXES[namespace];
  const [tag, declared] = prefix === undefined ? [`x1:${local}`, ` xmlns:x1="${escapeXml(namespace)}"`] : [`${prefix}:${local}`, ""];
  return value === "" ? `<${tag}${declared}/>` : `<${tag}${declared}>${value}</${tag}>`;
}

type Node = Record<string, unknown>;
const ordered = new XMLParser({ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: "", processEntities: false });
const plain = new XMLParser({ removeNSPrefix: true, parseTagValue: false });

/** The names, with their namespaces, in a request's first list of properties; undefined where it has none. */
export function propertiesAsked(body: string): string[] | undefined {
  const namespaces = new Map<string, string>();
  const names: string[] = [];
  const visit = (nodes: readonly Node[], inProp: boolean): void => {
    for (const node of nodes) {
      const tag = Object.keys(node).find((key) => key !== ":@" && key !== "#text");
      if (tag === undefined) continue;
      for (const [name, value] of Object.entries((node[":@"] ?? {}) as Record<string, string>))
        if (/^xmlns(:|$)/.test(name)) namespaces.set(name.slice(6), value);
      const [prefix = "", local = ""] = tag.includes(":") ? tag.split(":") : ["", tag];
      if (inProp) names.push(`{${namespaces.get(prefix) ?? ""}}${local}`);
      else if (names.length === 0) visit((node[tag] ?? []) as Node[], local === "prop");
    }
  };
  visit(ordered.parse(body) as Node[], false);
  return names.length === 0 ? undefined : names;
}

/** A body without its namespaces: for what no other namespace could be meant in. */
export const plainXml = (body: string): unknown => plain.parse(body);
