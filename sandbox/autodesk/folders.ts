import type { Item } from "../drives/store.ts";
import { document, forbidden, notFound, refuse } from "./answers.ts";
import type { AutodeskTools, Call, Located } from "./context.ts";
import { pageOf } from "./pages.ts";
import { memberOf } from "./projects.ts";
import { folderResource, isHidden, itemResource, linkTo, versionResource, type Resource } from "./resources.ts";

const WARNING = {
  Id: null,
  HttpStatusCode: "500",
  ErrorCode: "INTERNAL_SERVER_ERROR",
  Title: "Unable to get some of the items.",
  Detail: "",
};

export function folder(tools: AutodeskTools, call: Call, projectId: string, folderId: string): Response {
  const located = locate(tools, call, projectId, folderId, true);
  return document({ links: { self: linkTo(call, call.request.path) }, data: folderResource(tools, call, located) });
}

/** What is directly in a folder; what was deleted only where it is asked for. The tip versions of its items come along. */
export function contents(tools: AutodeskTools, call: Call, projectId: string, folderId: string): Response {
  const { project, item } = locate(tools, call, projectId, folderId, true);
  const { query } = call.request;
  const withHidden = query.get("includeHidden") === "true";
  const type = query.get("filter[type]");
  const found = childrenOf(tools, { project, item })
    .filter((child) => withHidden || !isHidden(child))
    .filter((child) => type === null || type.split(",").includes(child.folder ? "folders" : "items"));
  const { part, links } = pageOf(tools, call, found);
  const partial = tools.faults.strike("autodesk-contents-partial", call.asked) !== undefined;
  const shown = (partial ? part.filter((_, index) => index % 2 === 1) : part).map((child): Located => ({ project, item: child }));
  const items = shown.filter((one) => !one.item.folder);
  return document({
    links,
    data: shown.map((one) => spoiled(tools, call, one)),
    ...(items.length > 0 && { included: items.map((one) => versionResource(tools, call, one)) }),
    ...(partial && { meta: { warnings: [WARNING] } }),
  });
}

/** Finds what an id in an address means. `isFolder`: what has to be there. */
export function locate(tools: AutodeskTools, call: Call, projectId: string, id: string, isFolder: boolean): Located {
  const member = memberOf(tools, call, projectId);
  const { project } = member;
  tools.rollups.catchUp(project);
  const n = project.ids.parse(id);
  if (n === undefined && !id.startsWith("urn:adsk.")) throw refuse(400, "BAD_INPUT", "The id is invalid.");
  const item = n === undefined ? undefined : tools.drives.item(project.no, n);
  if (item === undefined || item.folder !== isFolder) throw notFound(isFolder ? "folder" : "item");
  if (!tools.access.sees(member, item)) throw forbidden();
  if (tools.faults.strikesItem("autodesk-forbidden", call.asked, item)) throw forbidden();
  if (tools.faults.strikesItem("autodesk-not-found", call.asked, item)) throw notFound(isFolder ? "folder" : "item");
  return { project, item };
}

function childrenOf(tools: AutodeskTools, { project, item }: Located): Item[] {
  const rows = tools.db.prepare("SELECT n FROM items WHERE drive = ? AND parent = ? ORDER BY n").all(project.no, item.n);
  return rows.flatMap((row) => tools.drives.item(project.no, Number(row["n"])) ?? []);
}

function spoiled(tools: AutodeskTools, call: Call, located: Located): Resource | object {
  const resource = located.item.folder ? folderResource(tools, call, located) : itemResource(call, located);
  return tools.faults.strikesItem("autodesk-malformed", call.asked, located.item) ? { type: resource.type, attributes: null } : resource;
}
