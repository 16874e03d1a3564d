import { Refusal } from "../answers.ts";
import { ROOT_N } from "../drives/store.ts";
import { badRequest, pathError } from "./answers.ts";
import { textOf } from "./arguments.ts";
import type { Call, DropboxTools } from "./context.ts";
import { metadata, parseRev } from "./metadata.ts";
import { displayOf, findId, findPath, type Found } from "./namespaces.ts";

const PATH = /^(\/(.|[\r\n])*)?$|^id:.*$|^ns:[0-9]+(\/.*)?$|^rev:[0-9a-f]{9,}$/;

/** files/get_metadata, of one thing by its path, its id or its revision. */
export async function getMetadata(tools: DropboxTools, call: Call): Promise<Response> {
  const path = textOf(call, "path");
  if (path === "") throw badRequest(call.route, "request body: path: The root folder is unsupported.");
  const { part, item, display } = findItem(tools, call, path);
  if (item.n === ROOT_N && part.prefix === "") throw badRequest(call.route, "request body: path: The root folder is unsupported.");
  return Response.json(await metadata(tools, call, part, item, display));
}

/** What a path, an id or a revision leads to. Refuses by a LookupError. */
export function findItem(tools: DropboxTools, call: Call, path: string): Found {
  if (path === "/") throw badRequest(call.route, 'request body: path: Specify the root folder as an empty string rather than as "/".');
  if (!PATH.test(path)) throw badRequest(call.route, `request body: path: '${path}' did not match pattern`);
  const found = lookUp(tools, call, path);
  if (found === undefined || tools.faults.strikesItem("dropbox-not-found", call.asked, found.item))
    throw new Refusal(pathError("not_found"));
  return found;
}

function lookUp(tools: DropboxTools, call: Call, path: string): Found | undefined {
  const { namespace } = call;
  if (path.startsWith("id:")) return findId(tools, namespace, path);
  if (path.startsWith("rev:")) return byRevision(tools, call, path.slice("rev:".length));
  const within = /^ns:([0-9]+)(\/.*)?$/.exec(path);
  if (within === null) return findPath(tools, namespace, path);
  const part = namespace.parts.find(({ owner }) => owner.namespaceId === within[1]);
  return part && findPath(tools, namespace, `${part.prefix}${within[2] ?? ""}`);
}

/** Only contents that are current are kept here. */
function byRevision(tools: DropboxTools, { namespace }: Call, rev: string): Found | undefined {
  const named = parseRev(rev);
  for (const part of named === undefined ? [] : namespace.parts) {
    const item = tools.drives.live(part.owner.no, named?.n ?? 0);
    if (item && !item.folder && item.contentRevision === named?.content) return { part, item, display: displayOf(tools, part, item) };
  }
  return undefined;
}
