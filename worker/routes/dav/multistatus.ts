import { XMLBuilder } from "fast-xml-parser";
import { contentTypeOf } from "../send-content.ts";
import type { Asked, PropertyName } from "./propfind.ts";

// The answer to a PROPFIND, a resource at a time. No I/O.

export const MULTISTATUS_BEGIN = `<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">\n`;
/** Without it an answer is not whole, and no reader takes it for that. */
export const MULTISTATUS_END = "</D:multistatus>\n";
export const FINITE_DEPTH_ONLY = `<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>\n`;

/** What is told of a folder or a file. */
export interface Resource {
  href: string;
  name: string;
  createdAt: number | null;
  modifiedAt: number | null;
  /** Null: a folder. */
  content: { size: number; sha256: string; mimeType: string | null } | null;
}

type Value = string | number | { "D:collection": string };

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: "@", suppressEmptyNode: true });

/** One `response`. `usedBytes`: of all that the person has here, told of folders where it is asked for by name (RFC 4331). */
export function responseOf(resource: Resource, asked: Asked, usedBytes: number): string {
  const usual = propertiesOf(resource);
  const every: Record<string, Value> = resource.content ? usual : { ...usual, "quota-used-bytes": usedBytes };
  const propstats: object[] = [];
  if (asked.kind === "names") {
    propstats.push(propstat(200, Object.fromEntries(Object.keys(every).map((local) => [`D:${local}`, ""]))));
  } else {
    const named =
      asked.kind === "all" ? [...Object.keys(usual).map((local) => ({ namespace: "DAV:", local })), ...asked.also] : asked.names;
    const [found, missing] = partition(named, ({ namespace, local }) => namespace === "DAV:" && Object.hasOwn(every, local));
    if (found.length > 0 || missing.length === 0)
      propstats.push(propstat(200, Object.fromEntries(found.map(({ local }) => [`D:${local}`, every[local] ?? ""]))));
    if (missing.length > 0) propstats.push(propstat(404, emptyElements(missing)));
  }
  return `${builder.build({ "D:response": { "D:href": resource.href, "D:propstat": propstats } })}\n`;
}

function propertiesOf({ name, createdAt, modifiedAt, content }: Resource): Record<string, Value> {
  return {
    displayname: name,
    resourcetype: content ? "" : { "D:collection": "" },
    ...(createdAt !== null && { creationdate: new Date(createdAt).toISOString() }),
    ...(modifiedAt !== null && { getlastmodified: new Date(modifiedAt).toUTCString() }),
    ...(content && {
      getcontentlength: content.size,
      getcontenttype: contentTypeOf(content.mimeType),
      getetag: `"${content.sha256}"`,
    }),
  };
}

function propstat(status: 200 | 404, prop: object): object {
  return { "D:prop": prop, "D:status": status === 200 ? "HTTP/1.1 200 OK" : "HTTP/1.1 404 Not Found" };
}

/** Properties that are not there, each in its namespace. */
function emptyElements(names: readonly PropertyName[]): object {
  return Object.fromEntries(
    names.map(({ namespace, local }, index) => {
      if (namespace === "DAV:") return [`D:${local}`, ""];
      return namespace === "" ? [local, ""] : [`p${index}:${local}`, { [`@xmlns:p${index}`]: namespace }];
    }),
  );
}

function partition<T>(list: readonly T[], test: (entry: T) => boolean): [T[], T[]] {
  return [list.filter(test), list.filter((entry) => !test(entry))];
}
