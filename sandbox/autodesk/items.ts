import { document } from "./answers.ts";
import type { AutodeskTools, Call } from "./context.ts";
import { folder, locate } from "./folders.ts";
import { itemResource, linkTo, versionResource } from "./resources.ts";

export function item(tools: AutodeskTools, call: Call, projectId: string, itemId: string): Response {
  const located = locate(tools, call, projectId, itemId, false);
  return document({
    links: { self: linkTo(call, call.request.path) },
    data: itemResource(call, located),
    included: [versionResource(tools, call, located)],
  });
}

export function tip(tools: AutodeskTools, call: Call, projectId: string, itemId: string): Response {
  const located = locate(tools, call, projectId, itemId, false);
  return document({ links: { self: linkTo(call, call.request.path) }, data: versionResource(tools, call, located) });
}

/** The sandbox keeps no history: the tip is all there is. */
export function versions(tools: AutodeskTools, call: Call, projectId: string, itemId: string): Response {
  const located = locate(tools, call, projectId, itemId, false);
  return document({ links: { self: linkTo(call, call.request.path) }, data: [versionResource(tools, call, located)] });
}

export function itemParent(tools: AutodeskTools, call: Call, projectId: string, itemId: string): Response {
  const { project, item: found } = locate(tools, call, projectId, itemId, false);
  return folder(tools, call, projectId, project.ids.folder(found.parent ?? 0));
}
