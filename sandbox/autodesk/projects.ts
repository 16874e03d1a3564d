import { ROOT_N, type Item } from "../drives/store.ts";
import { toResponse } from "../answers.ts";
import { document, errorAnswer, forbidden, notFound } from "./answers.ts";
import type { Membership } from "./access.ts";
import type { AutodeskTools, Call } from "./context.ts";
import { pageOf } from "./pages.ts";
import { folderResource, hubResource, isHidden, linkTo, projectResource } from "./resources.ts";

/** GET /project/v1/hubs: an app that no administrator has let in is told as much, and may be told a part of it. */
export function hubs(tools: AutodeskTools, call: Call): Response {
  const { account } = call.grant;
  const all = tools.access.hubs(account);
  const links = { self: linkTo(call, "/project/v1/hubs") };
  const partial = tools.faults.strike("autodesk-hubs-partial", call.asked) !== undefined;
  if (all.length === 0 && account.form === "app") return toResponse(notProvisioned());
  const shown = partial ? all.slice(1) : all;
  return document({ links, data: shown.map((hub) => hubResource(call, hub)), ...(partial && { meta: { warnings: [WARNING] } }) });
}

export function hub(tools: AutodeskTools, call: Call, hubId: string): Response {
  const found = hubOf(tools, call, hubId);
  return document({ links: { self: linkTo(call, `/project/v1/hubs/${hubId}`) }, data: hubResource(call, found) });
}

export function projects(tools: AutodeskTools, call: Call, hubId: string): Response {
  hubOf(tools, call, hubId);
  const all = tools.access.memberships(call.grant.account).filter(({ project }) => project.hub.id === hubId);
  const { part, links } = pageOf(tools, call, all);
  return document({ links, data: part.map(({ project }) => projectResource(call, project)) });
}

export function project(tools: AutodeskTools, call: Call, hubId: string, projectId: string): Response {
  const { project: found } = memberOf(tools, call, projectId);
  if (found.hub.id !== hubId) throw notFound("project");
  return document({ links: { self: linkTo(call, call.request.path) }, data: projectResource(call, found) });
}

/** The highest folders that the caller sees: not always those at the top. Deleted ones too, unless they are not wanted. */
export function topFolders(tools: AutodeskTools, call: Call, hubId: string, projectId: string): Response {
  const member = memberOf(tools, call, projectId);
  if (member.project.hub.id !== hubId) throw notFound("project");
  const withDeleted = call.request.query.get("excludeDeleted") !== "true";
  const shown = topItems(tools, member).filter((item) => withDeleted || !isHidden(item));
  const data = shown.map((item) => folderResource(tools, call, { project: member.project, item }));
  return document({ links: { self: linkTo(call, call.request.path) }, data });
}

/** The caller's view of a project. */
export function memberOf(tools: AutodeskTools, call: Call, projectId: string): Membership {
  const member = tools.access.membership(call.grant.account, projectId);
  if (member !== undefined) return member;
  throw tools.accounts.byDriveId(projectId) === undefined ? notFound("project") : forbidden();
}

function topItems(tools: AutodeskTools, { project, folder }: Membership): Item[] {
  if (folder !== null) return [tools.drives.item(project.no, folder) ?? []].flat();
  const rows = tools.db.prepare("SELECT n FROM items WHERE drive = ? AND parent = ? AND folder = 1 ORDER BY n").all(project.no, ROOT_N);
  return rows.flatMap((row) => tools.drives.item(project.no, Number(row["n"])) ?? []);
}

function hubOf(tools: AutodeskTools, call: Call, hubId: string) {
  const found = tools.access.hubs(call.grant.account).find(({ id }) => id === hubId);
  if (found === undefined) throw notFound("hub");
  return found;
}

const WARNING = {
  Id: null,
  HttpStatusCode: "403",
  ErrorCode: "BIM360DM_ERROR",
  Title: "Unable to get hubs from BIM360DM APAC.",
  Detail: "You don't have permission to access this API",
  AboutLink: null,
  Source: null,
  meta: null,
};

export const notProvisioned = () => errorAnswer(403, "BIM360DM_ERROR", "You don't have permission to access this API");
