import { allow, type Call } from "../product.ts";
import { baseOf, listOf, numberOf, refuseV1 } from "./answers.ts";
import { isShown, type ConfluenceTools } from "./context.ts";
import { parseCql, type Found } from "./cql.ts";
import { paged } from "./paging.ts";
import { attachmentId } from "./shapes.ts";

const PREFIX = "/wiki/rest/api";
const SEARCH = "/content/search";
const CURRENT_USER = "/user/current";
const DOWNLOAD = /^\/content\/([^/]+)\/child\/attachment\/([^/]+)\/download$/;
/** Far from Greenwich, as most people are. */
const TIME_ZONE = "America/Los_Angeles";
const INDEX_LAG_MS = 30 * 60_000;

/** What the API v2 has no equivalent of: search, downloads, and who one is. */
export function answerV1(tools: ConfluenceTools, call: Call): Response {
  const path = call.path.slice(PREFIX.length);
  if (call.request.method !== "GET") refuseV1(405, "Method Not Allowed");
  if (path === SEARCH) return search(tools, call);
  if (path === CURRENT_USER) return currentUser(call);
  const [, page, attachment] = DOWNLOAD.exec(path) ?? [];
  if (page !== undefined && attachment !== undefined) return download(tools, call, page, attachment);
  return refuseV1(404, "Not Found");
}

export function routeV1(path: string): string | undefined {
  if (!path.startsWith(PREFIX)) return undefined;
  const below = path.slice(PREFIX.length);
  if (DOWNLOAD.test(below)) return `${PREFIX}/content/{id}/child/attachment/{attachmentId}/download`;
  return below === SEARCH || below === CURRENT_USER ? path : undefined;
}

function currentUser(call: Call): Response {
  allow(call, "read:confluence-user", "read:content-details:confluence");
  const { accountId, displayName, name } = call.account;
  return Response.json({
    type: "known",
    accountId,
    accountType: "atlassian",
    email: name,
    publicName: displayName,
    displayName,
    timeZone: TIME_ZONE,
    isExternalCollaborator: false,
    _links: { base: baseOf(call), context: "/wiki", self: `${baseOf(call)}/rest/api/user?accountId=${accountId}` },
  });
}

/** Of what is there now; archived pages are in no index. */
function search(tools: ConfluenceTools, call: Call): Response {
  allow(call, "search:confluence", "read:content-details:confluence");
  const { site, request, asked } = call;
  const query = parseCql(request.query.get("cql") ?? "", TIME_ZONE);
  const behind = tools.faults.strike("atlassian-confluence-index-behind", asked) !== undefined;
  const known = tools.now() - (behind ? INDEX_LAG_MS : 0);
  const found = tools.store.contents(site).flatMap((content): Found | [] => {
    const space = tools.store.space(site, content.space);
    const live = content.status === "current" && content.modified <= known && isParentLive(tools, call, content.parent, content.kind);
    return space !== undefined && live && isShown(tools, call, content) ? { content, space } : [];
  });
  const results = found.filter(query.suits).map((one) => ({ key: query.order(one), value: contentShape(tools, call, one) }));
  return paged(tools, call, results, { limit: 25, v1: true });
}

function isParentLive(tools: ConfluenceTools, { site }: Call, parent: number | null, kind: string): boolean {
  return kind !== "attachment" || tools.store.content(site, parent ?? 0)?.status === "current";
}

/** As much as is asked to be expanded. */
function contentShape(tools: ConfluenceTools, call: Call, { content, space }: Found): object {
  const expand = new Set(listOf(call, "expand"));
  const { id, kind, status, title, version, modified, parent } = content;
  const isAttachment = kind === "attachment";
  const container = isAttachment ? tools.store.content(call.site, parent ?? 0) : undefined;
  return {
    id: isAttachment ? attachmentId(id) : String(id),
    type: kind,
    status,
    title,
    ...(expand.has("version") && { version: { number: version, when: new Date(modified).toISOString(), minorEdit: false, message: "", by: { type: "known", accountId: call.site.owner.accountId } } }), // prettier-ignore
    ...(expand.has("container") && container !== undefined && { container: { id: String(container.id), type: container.kind, status: container.status, title: container.title } }), // prettier-ignore
    extensions: isAttachment ? { mediaType: content.mediaType, fileSize: tools.media.size(content.media ?? "") } : { position: 0 },
    _expandable: { space: `/rest/api/space/${space.key}` },
    _links: { webui: `/spaces/${space.key}/pages/${id}`, self: `${baseOf(call)}/rest/api/content/${id}` },
  };
}

/** Leads to the store of files, by an address that is good for some minutes. */
function download(tools: ConfluenceTools, call: Call, pageId: string, attachment: string): Response {
  allow(call, "readonly:content.attachment:confluence", "read:attachment:confluence");
  const { site, request } = call;
  const found = tools.store.content(site, numberOf(attachment.replace(/^att/, "")) ?? 0);
  const page = tools.store.content(site, numberOf(pageId) ?? 0);
  const live = found?.kind === "attachment" && found.parent === page?.id && found.status !== "trashed" && page?.status !== "trashed";
  if (found === undefined || !live || !isShown(tools, call, found)) return refuseV1(404, "No content found with id");
  const asked = request.query.has("version") ? numberOf(request.query.get("version")) : found.version;
  if (asked === undefined || asked > found.version) return refuseV1(400, "The version is greater than the latest one");
  const version = tools.store.version(site, found.id, asked);
  if (version?.media === undefined || version.media === null) return refuseV1(404, "No attachment version found");
  const file = { id: version.media, name: version.title, mediaType: found.mediaType ?? "application/octet-stream" };
  return new Response(null, { status: 302, headers: { Location: tools.media.address(request, file, call.account) } });
}
