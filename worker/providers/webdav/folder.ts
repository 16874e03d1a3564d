import { ProviderError } from "../errors.ts";
import { LISTED_PROPERTIES, TOP_PROPERTIES } from "./api.ts";
import type { Resource } from "./multistatus.ts";
import type { DavServer } from "./server.ts";
import { addressOf, pathOf, type Share } from "./share.ts";

/** A folder, and all that is directly in it. */
export interface Listing {
  self: Resource;
  /** In the order of their names. */
  children: Child[];
  /** What the server names without telling what it is, or what cannot be named: the children are then not all there is. */
  problems: string[];
}

export interface Child {
  name: string;
  resource: Resource;
}

/** Reads one folder. Throws where the answer is not certainly about this folder: what is short is never taken for empty. */
export async function readFolder(server: DavServer, share: Share, path: readonly string[], bytesMax?: number): Promise<Listing> {
  const url = addressOf(share, path, true);
  const resources = await server.propfind(url, 1, path.length === 0 ? TOP_PROPERTIES : LISTED_PROPERTIES, bytesMax);
  return toListing(resources, pathOf(url), path);
}

/** `asked`: the path of the request, from the server's root; `path`: that below the share's top folder. */
export function toListing(resources: readonly Resource[], asked: readonly string[], path: readonly string[]): Listing {
  const problems: string[] = [];
  const readable: { resource: Resource; segments: readonly string[] }[] = [];
  for (const resource of resources) {
    if (resource.segments) readable.push({ resource, segments: resource.segments });
    else problems.push(`the name in “${resource.href}” is none that could be kept`);
  }
  const self = selfOf(readable, asked, path);
  const children = new Map<string, Resource>();
  for (const { resource, segments } of readable) {
    if (resource === self.resource) continue;
    const name = segments[self.segments.length];
    const isInside = name !== undefined && self.segments.every((segment, index) => segment === segments[index]);
    if (!isInside) throw new ProviderError("transient", "The server's answer is about other folders than the one asked for.");
    // What is deeper was not asked for, and will be with its own folder.
    if (segments.length > self.segments.length + 1) continue;
    if (resource.status >= 300 || resource.refused) problems.push(`the server refuses to describe “${name}”`);
    else children.set(name, resource);
  }
  const sorted = [...children].map(([name, resource]) => ({ name, resource })).sort((one, other) => (one.name < other.name ? -1 : 1));
  return { self: self.resource, children: sorted, problems };
}

/** The folder itself is the one above all others. A server behind another may see it at another place, but by the same names. */
function selfOf(
  resources: readonly { resource: Resource; segments: readonly string[] }[],
  asked: readonly string[],
  path: readonly string[],
): { resource: Resource; segments: readonly string[] } {
  const self = resources.find(({ segments }) => isTail(segments, asked) && segments.length === asked.length) ?? shortest(resources);
  const isBelow = self && self.segments.length > asked.length && asked.every((name, index) => name === self.segments[index]);
  if (!self || isBelow || !isTail(self.segments, path)) {
    throw new ProviderError("transient", "The server's answer leaves out the folder that was asked for.");
  }
  const { resource } = self;
  if (resource.status === 404) throw new ProviderError("not_found", "The folder is not there.", { status: 404 });
  if (resource.status >= 300 || resource.refused) {
    throw new ProviderError("forbidden", "The server refuses to describe the folder.", { status: resource.status });
  }
  if (!resource.collection) throw new ProviderError("not_found", "There is a file in the place of the folder.");
  return self;
}

function shortest<T extends { segments: readonly string[] }>(resources: readonly T[]): T | undefined {
  return resources.reduce<T | undefined>((best, one) => (best && best.segments.length <= one.segments.length ? best : one), undefined);
}

function isTail(segments: readonly string[], tail: readonly string[]): boolean {
  const from = segments.length - tail.length;
  return from >= 0 && tail.every((name, index) => name.normalize() === segments[from + index]?.normalize());
}
