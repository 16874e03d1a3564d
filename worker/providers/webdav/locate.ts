import { asProviderError, ProviderError } from "../errors.ts";
import { LISTED_PROPERTIES, NAMES, NAMESPACES } from "./api.ts";
import type { Resource } from "./multistatus.ts";
import type { DavServer } from "./server.ts";
import { addressOf, installationOf, pathOf, pathOfId, type Share } from "./share.ts";

// From an id to where it is now. On a plain server the id says so; Nextcloud is asked by a search, ownCloud by its list of ids.

const PARALLEL_QUESTIONS = 4;

/** What is under an id now: where, and as the server describes it. */
export interface Located {
  path: string[];
  resource: Resource;
}

export type Location = Located | "gone" | "refused";

export async function locate(server: DavServer, share: Share, ids: readonly string[]): Promise<Map<string, Location>> {
  if (share.dialect === "nextcloud") return search(server, share, ids);
  const found = new Map<string, Location>();
  for (let start = 0; start < ids.length; start += PARALLEL_QUESTIONS) {
    const asked = ids.slice(start, start + PARALLEL_QUESTIONS);
    const locations = await Promise.all(
      asked.map((id) => (share.dialect === "plain" ? atPath(server, share, id) : byMeta(server, share, id))),
    );
    for (const [index, id] of asked.entries()) found.set(id, locations[index] ?? "gone");
  }
  return found;
}

/** Whether the server can tell where an id is, by that of the top folder: else its files are followed by their paths. */
export async function canLocate(server: DavServer, share: Share, topId: string): Promise<boolean> {
  try {
    return (await locate(server, share, [topId])).get(topId) !== "gone";
  } catch (error) {
    const { kind, status } = asProviderError(error);
    if (kind === "unsupported" || kind === "fatal" || status === 403 || status === 404) return false;
    throw error;
  }
}

/** One question for all of them. What Nextcloud's search does not find is not there, unless it is the top folder, that it begins in. */
async function search(server: DavServer, share: Share, ids: readonly string[]): Promise<Map<string, Location>> {
  const found = new Map<string, Location>(ids.map((id) => [id, "gone"]));
  const numbers = ids.filter((id) => /^\d{1,18}$/.test(id));
  if (numbers.length === 0) return found;
  const url = `${installationOf(share)}/remote.php/dav/`;
  const body = searchFor(numbers, scopeOf(share));
  const headers = { "Content-Type": "text/xml; charset=utf-8" };
  const response = await server.request(url, { method: "SEARCH", headers, body });
  let nameless = false;
  for (const resource of await server.multistatus(response, url)) {
    const id = resource.properties.get(NAMES.fileId);
    nameless ||= id === undefined;
    const path = resource.segments && pathBelow(share, resource.segments);
    if (id === undefined || !path || !found.has(id)) continue;
    found.set(id, resource.refused ? "refused" : { path, resource });
  }
  if ([...found.values()].includes("gone")) {
    const [top] = await server.propfind(addressOf(share, [], true), 0, LISTED_PROPERTIES);
    if (!top) throw new ProviderError("transient", "The server's answer is empty.");
    const topId = top.properties.get(NAMES.fileId) ?? "";
    if (found.has(topId)) found.set(topId, { path: [], resource: top });
    nameless ||= topId === "";
  }
  // What is refused as a whole has no id to tell it by: it may be any that was not found.
  if (nameless) for (const [id, location] of found) if (location === "gone") found.set(id, "refused");
  return found;
}

function searchFor(ids: readonly string[], scope: string): string {
  const equals = ids.map((id) => `<d:eq><d:prop><oc:fileid/></d:prop><d:literal>${id}</d:literal></d:eq>`).join("");
  return `<?xml version="1.0" encoding="utf-8"?><d:searchrequest ${NAMESPACES}><d:basicsearch><d:select><d:prop>${LISTED_PROPERTIES}</d:prop></d:select><d:from><d:scope><d:href>${escapeXml(scope)}</d:href><d:depth>infinity</d:depth></d:scope></d:from><d:where>${ids.length > 1 ? `<d:or>${equals}</d:or>` : equals}</d:where><d:limit><d:nresults>${2 * ids.length}</d:nresults></d:limit></d:basicsearch></d:searchrequest>`;
}

/** The share's top folder as Nextcloud's search names it: from the root of its WebDAV, and not percent-encoded. */
function scopeOf(share: Share): string {
  return `/files/${userPathOf(share).join("/")}`;
}

/** ownCloud keeps a list of where ids are, for each person. */
async function byMeta(server: DavServer, share: Share, id: string): Promise<Location> {
  const url = `${installationOf(share)}/remote.php/dav/meta/${encodeURIComponent(id)}/`;
  const [meta] = (await unlessAbsent(() => server.propfind(url, 0, "<oc:meta-path-for-user/>"))) ?? [];
  const told = meta?.properties.get(NAMES.metaPath);
  if (told === undefined) return "gone";
  const [, ...below] = userPathOf(share);
  const path = told.split("/").filter((part) => part !== "");
  if (!below.every((name, index) => name === path[index])) return "gone";
  const location = await describe(server, share, path.slice(below.length), false);
  // Moved on in between.
  return typeof location === "object" && location.resource.properties.get(NAMES.fileId) !== id ? "gone" : location;
}

async function atPath(server: DavServer, share: Share, id: string): Promise<Location> {
  const { path, folder } = pathOfId(id);
  const location = await describe(server, share, path, folder);
  // A file where a folder was, or the other way round, is another item.
  return typeof location === "object" && location.resource.collection !== folder ? "gone" : location;
}

async function describe(server: DavServer, share: Share, path: string[], folder: boolean): Promise<Location> {
  let resources: Resource[] | undefined;
  try {
    resources = await unlessAbsent(() => server.propfind(addressOf(share, path, folder), 0, LISTED_PROPERTIES));
  } catch (error) {
    const failure = asProviderError(error);
    if (failure.kind !== "forbidden") throw failure;
    return "refused";
  }
  if (!resources) return "gone";
  const [resource] = resources;
  if (!resource) throw new ProviderError("transient", "The server's answer is empty.");
  if (resource.status === 404) return "gone";
  return resource.refused || resource.status >= 300 ? "refused" : { path, resource };
}

async function unlessAbsent<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const failure = asProviderError(error);
    if (failure.kind === "not_found") return undefined;
    throw failure;
  }
}

/** Below the share's top folder; null where it is outside of it. */
function pathBelow(share: Share, segments: readonly string[]): string[] | null {
  const top = pathOf(share.root);
  // A server behind another may see itself at another place.
  const [from, topFrom] = [segments.indexOf("remote.php"), top.indexOf("remote.php")];
  const inside = top.slice(topFrom).every((name, index) => name === segments[from + index]);
  return inside && from >= 0 ? segments.slice(from + top.length - topFrom) : null;
}

/** The person, and the folders down to the share's top: what follows `files` in its address. */
function userPathOf({ root }: Share): string[] {
  const path = pathOf(root);
  return path.slice(path.indexOf("files", path.indexOf("remote.php")) + 1);
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
