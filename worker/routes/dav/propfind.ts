import { AppError } from "../../errors.ts";
import type { XmlElement } from "../../providers/webdav/xml.ts";
import { childrenNamed, parseXml } from "../../providers/webdav/xml.ts";

// What a PROPFIND asks for (RFC 4918, section 9.1). No I/O.

/** Properties named in one request. */
const PROPERTIES_MAX = 200;
const XML_NAME = /^[\p{L}_][\p{L}\p{N}._-]*$/u;

export interface PropertyName {
  namespace: string;
  local: string;
}

export type Asked =
  | { kind: "names" }
  /** Every usual property, and these. */
  | { kind: "all"; also: PropertyName[] }
  | { kind: "named"; names: PropertyName[] };

/** No body asks for every usual property. Throws for what is none of the three forms. */
export function parsePropfind(body: string): Asked {
  if (body.trim() === "") return { kind: "all", also: [] };
  const root = parse(body);
  if (root.name !== "{DAV:}propfind") throw invalid("The body is no propfind.");
  if (childrenNamed(root, "{DAV:}propname").length > 0) return { kind: "names" };
  if (childrenNamed(root, "{DAV:}allprop").length > 0) return { kind: "all", also: childrenNamed(root, "{DAV:}include").flatMap(namesIn) };
  const [prop] = childrenNamed(root, "{DAV:}prop");
  if (!prop) throw invalid("A propfind has propname, allprop or prop in it.");
  return { kind: "named", names: namesIn(prop) };
}

/** `Depth` of the request; none means infinity. */
export function depthOf(header: string | undefined): 0 | 1 | "infinity" {
  const depth = (header ?? "infinity").trim().toLowerCase();
  if (depth === "0") return 0;
  if (depth === "1") return 1;
  if (depth === "infinity") return "infinity";
  throw invalid("Depth: 0 or 1");
}

function parse(body: string): XmlElement {
  try {
    return parseXml(body);
  } catch (cause) {
    throw new AppError("request.invalid", "The body is no whole XML document, or brings declarations of its own.", { cause });
  }
}

function namesIn(element: XmlElement): PropertyName[] {
  if (element.children.length > PROPERTIES_MAX) throw invalid(`At most ${PROPERTIES_MAX} properties at once.`);
  return element.children.map(({ name }) => {
    const end = name.indexOf("}");
    const local = name.slice(end + 1);
    if (!XML_NAME.test(local)) throw invalid("A property's name is no name.");
    return { namespace: name.slice(1, end), local };
  });
}

function invalid(message: string): AppError {
  return new AppError("request.invalid", message);
}
