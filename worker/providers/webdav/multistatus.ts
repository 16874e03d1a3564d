import { ProviderError } from "../errors.ts";
import { NAMES } from "./api.ts";
import { childrenNamed, deepText, parseXml, type XmlElement } from "./xml.ts";

/** One `response` of a multistatus. */
export interface Resource {
  /** The decoded names of its path, from the server's root; null where one of them is no text, or has a slash in it. */
  segments: readonly string[] | null;
  href: string;
  /** Of the resource itself: 200, unless the server says otherwise. */
  status: number;
  /** Texts of the properties that it has, by qualified name. */
  properties: ReadonlyMap<string, string>;
  /** Whether the server refuses what it is asked about the resource: there is a `propstat` that is neither a success nor 404. */
  refused: boolean;
  collection: boolean;
}

/** The resources of a multistatus. `base`: the decoded path that was asked, for references that are relative to it. */
export function parseMultistatus(text: string, base: readonly string[]): Resource[] {
  const root = parseXml(text);
  if (root.name !== NAMES.multistatus) throw new ProviderError("transient", "The server's answer is no multistatus.");
  return childrenNamed(root, NAMES.response).map((response) => toResource(response, base));
}

function toResource(response: XmlElement, base: readonly string[]): Resource {
  const href = textIn(response, NAMES.href) ?? "";
  const properties = new Map<string, string>();
  let refused = false;
  let collection: boolean | undefined;
  for (const propstat of childrenNamed(response, NAMES.propstat)) {
    const status = statusOf(textIn(propstat, NAMES.status)) ?? 200;
    refused ||= status >= 300 && status !== 404;
    if (status >= 300) continue;
    for (const property of childrenNamed(propstat, NAMES.prop).flatMap((prop) => prop.children)) {
      if (property.name === NAMES.resourceType) collection = childrenNamed(property, NAMES.collection).length > 0;
      const value = deepText(property);
      if (value !== "") properties.set(property.name, value);
    }
  }
  return {
    segments: segmentsOf(href, base),
    href,
    status: statusOf(textIn(response, NAMES.status)) ?? 200,
    properties,
    refused,
    // A resource without a type is what its address looks like.
    collection: collection ?? href.endsWith("/"),
  };
}

/**
 * The names of a reference's path: a whole address, a path, or a name beside `base`. Read by hand: a server that leaves `#` or `?` as
 * they are means a name.
 */
export function segmentsOf(href: string, base: readonly string[]): string[] | null {
  const path = href.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");
  const segments = path.startsWith("/") || path !== href ? [] : [...base];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    const name = decodeName(part);
    if (name === null) return null;
    segments.push(name);
  }
  return segments;
}

function decodeName(part: string): string | null {
  try {
    const name = decodeURIComponent(part.replace(/%(?![0-9a-f]{2})/gi, "%25"));
    return name.includes("/") || name === ".." || name === "." || !name.isWellFormed() ? null : name;
  } catch {
    return null;
  }
}

function textIn(element: XmlElement, name: string): string | undefined {
  return childrenNamed(element, name)[0]?.text;
}

function statusOf(line: string | undefined): number | undefined {
  const [, code] = /^HTTP\/\d(?:\.\d)?\s+(\d{3})\b/i.exec(line ?? "") ?? [];
  return code === undefined ? undefined : Number(code);
}
