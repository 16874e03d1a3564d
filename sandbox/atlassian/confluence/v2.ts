import { allow, type Call } from "../product.ts";
import { baseOf, listOf, notFound, numberOf, refuse } from "./answers.ts";
import { isShown, type ConfluenceTools } from "./context.ts";
import { paged } from "./paging.ts";
import { attachmentShape, containerShape, pageShape, spaceShape } from "./shapes.ts";
import type { Content, Kind, Status } from "./store.ts";

const PREFIX = "/wiki/api/v2";
const IDS_MAX = 250;
const STATUSES: readonly Status[] = ["current", "archived"];
const CONTAINERS: Readonly<Record<string, Kind>> = { folders: "folder", whiteboards: "whiteboard", databases: "database", embeds: "embed" };

type Answer = (tools: ConfluenceTools, call: Call, id: string) => Response;

/** By path template. */
const ROUTES: readonly [template: string, pattern: RegExp, answer: Answer][] = [
  ["/spaces", /^\/spaces$/, spaces],
  ["/spaces/{id}", /^\/spaces\/([^/]+)$/, space],
  ["/spaces/{id}/pages", /^\/spaces\/([^/]+)\/pages$/, pagesOfSpace],
  ["/pages", /^\/pages$/, pages],
  ["/pages/{id}", /^\/pages\/([^/]+)$/, page],
  ["/pages/{id}/children", /^\/pages\/([^/]+)\/children$/, childPages],
  ["/pages/{id}/attachments", /^\/pages\/([^/]+)\/attachments$/, attachmentsOfPage],
  ["/attachments/{id}", /^\/attachments\/([^/]+)$/, attachment],
  ...Object.entries(CONTAINERS).map(
    ([name, kind]): [string, RegExp, Answer] => [`/${name}/{id}`, new RegExp(`^/${name}/([^/]+)$`), (tools, call, id) => container(tools, call, kind, id)], // prettier-ignore
  ),
];

export function answerV2(tools: ConfluenceTools, call: Call): Response {
  const path = call.path.slice(PREFIX.length);
  for (const [, pattern, answer] of ROUTES) {
    const match = pattern.exec(path);
    if (match === null) continue;
    if (call.request.method !== "GET") refuse(405, "METHOD_NOT_ALLOWED", "Method Not Allowed");
    return answer(tools, call, match[1] ?? "");
  }
  return notFound();
}

export function routeV2(path: string): string | undefined {
  const below = path.slice(PREFIX.length);
  const found = path.startsWith(PREFIX) ? ROUTES.find(([, pattern]) => pattern.test(below)) : undefined;
  return found === undefined ? undefined : `${PREFIX}${found[0]}`;
}

function spaces(tools: ConfluenceTools, call: Call): Response {
  allow(call, "read:space:confluence");
  const [ids, keys, types, statuses] = ["ids", "keys", "type", "status"].map((name) => listOf(call, name)) as [string[], string[], string[], string[]]; // prettier-ignore
  const suits = (asked: string[], value: string): boolean => asked.length === 0 || asked.includes(value);
  const found = tools.store
    .spaces(call.site)
    .filter(({ id, key, type, status }) => suits(ids, String(id)) && suits(keys, key) && suits(types, type) && suits(statuses, status));
  return paged(tools, call, found.map((one) => ({ key: String(one.id), value: spaceShape(call, one) })), { limit: 25 }); // prettier-ignore
}

function space(tools: ConfluenceTools, call: Call, id: string): Response {
  allow(call, "read:space:confluence");
  const found = tools.store.space(call.site, numberOf(id) ?? 0);
  return found === undefined ? notFound() : Response.json(spaceShape(call, found));
}

function pagesOfSpace(tools: ConfluenceTools, call: Call, id: string): Response {
  allow(call, "read:page:confluence");
  const found = tools.store.space(call.site, numberOf(id) ?? 0) ?? notFound();
  const root = call.request.query.get("depth") === "root";
  return listPages(tools, call, (one) => one.space === found.id && (!root || one.parent === null));
}

function pages(tools: ConfluenceTools, call: Call): Response {
  allow(call, "read:page:confluence");
  const ids = listOf(call, "id");
  const inSpaces = listOf(call, "space-id");
  if (ids.length > IDS_MAX) refuse(400, "INVALID_REQUEST_PARAMETER", `More than ${IDS_MAX} ids`);
  return listPages(
    tools,
    call,
    ({ id, space }) => (ids.length === 0 || ids.includes(String(id))) && (inSpaces.length === 0 || inSpaces.includes(String(space))),
  );
}

function listPages(tools: ConfluenceTools, call: Call, suits: (page: Content) => boolean): Response {
  const asked = listOf(call, "status");
  const statuses = asked.length === 0 ? STATUSES : asked;
  const found = tools.store
    .contents(call.site)
    .filter((one) => one.kind === "page" && statuses.includes(one.status) && suits(one) && isShown(tools, call, one));
  const shape = (one: Content): object => {
    const body = call.request.query.has("body-format") ? tools.store.version(call.site, one.id, one.version) : undefined;
    const shown = pageShape(tools, call, one, body) as { title?: string };
    if (tools.faults.strikesItem("atlassian-confluence-malformed", call.asked, { n: one.id, name: one.title })) delete shown.title;
    return shown;
  };
  return paged(tools, call, found.map((one) => ({ key: String(one.id), value: shape(one) })), { limit: 25 }); // prettier-ignore
}

/** By its id, also from the trash; `version`: as it was. */
function page(tools: ConfluenceTools, call: Call, id: string): Response {
  allow(call, "read:page:confluence");
  const { query } = call.request;
  const found = visible(tools, call, numberOf(id), ["page"]);
  const statuses = listOf(call, "status");
  if (found === undefined || (statuses.length > 0 && !statuses.includes(found.status))) return notFound();
  const wanted = query.has("version") ? numberOf(query.get("version")) : found.version;
  const version = tools.store.version(call.site, found.id, wanted ?? 0) ?? notFound();
  const shown = pageShape(tools, call, found, version) as { _links: object };
  if (!query.has("body-format")) Object.assign(shown, { body: {} });
  Object.assign(shown._links, { base: baseOf(call) });
  return Response.json(shown);
}

function childPages(tools: ConfluenceTools, call: Call, id: string): Response {
  allow(call, "read:page:confluence");
  const parent = visible(tools, call, numberOf(id), ["page"]) ?? notFound();
  const found = tools.store
    .children(call.site, parent.id)
    .filter((one) => one.kind === "page" && STATUSES.includes(one.status) && isShown(tools, call, one));
  const shape = ({ id: child, status, title, space: spaceId }: Content) => ({ id: String(child), status, title, spaceId: String(spaceId), childPosition: 0 }); // prettier-ignore
  return paged(tools, call, found.map((one) => ({ key: String(one.id), value: shape(one) })), { limit: 25 }); // prettier-ignore
}

function attachmentsOfPage(tools: ConfluenceTools, call: Call, id: string): Response {
  allow(call, "read:attachment:confluence");
  const parent = visible(tools, call, numberOf(id), ["page"]);
  if (parent === undefined || parent.status === "trashed") return notFound();
  const asked = listOf(call, "status");
  const statuses = asked.length === 0 ? STATUSES : asked;
  const found = tools.store
    .children(call.site, parent.id)
    .filter((one) => one.kind === "attachment" && statuses.includes(one.status) && isShown(tools, call, one));
  return paged(tools, call, found.map((one) => ({ key: String(one.id), value: attachmentShape(tools, call, one) })), { limit: 50 }); // prettier-ignore
}

function attachment(tools: ConfluenceTools, call: Call, id: string): Response {
  allow(call, "read:attachment:confluence");
  const found = visible(tools, call, numberOf(id.replace(/^att/, "")), ["attachment"]);
  const parent = found === undefined ? undefined : tools.store.content(call.site, found.parent ?? 0);
  if (found === undefined || parent === undefined || parent.status === "trashed") return notFound();
  const shown = attachmentShape(tools, call, found) as { _links: object };
  Object.assign(shown._links, { base: baseOf(call) });
  return Response.json(shown);
}

function container(tools: ConfluenceTools, call: Call, kind: Kind, id: string): Response {
  allow(call, `read:${kind}:confluence`);
  const found = visible(tools, call, numberOf(id), [kind]);
  return found === undefined ? notFound() : Response.json(containerShape(tools, call, found));
}

function visible(tools: ConfluenceTools, call: Call, id: number | undefined, kinds: readonly Kind[]): Content | undefined {
  const found = id === undefined ? undefined : tools.store.content(call.site, id);
  return found !== undefined && kinds.includes(found.kind) && isShown(tools, call, found) ? found : undefined;
}
