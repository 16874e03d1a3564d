import type { Account } from "../accounts.ts";
import type { Call } from "../product.ts";
import { baseOf } from "./answers.ts";
import type { ConfluenceTools } from "./context.ts";
import type { Content, Space, Version } from "./store.ts";

// Contents as the API v2 shows them.

export const attachmentId = (id: number): string => `att${id}`;

export function versionShape({ version, modified }: Pick<Content, "version" | "modified">, author: Account): object {
  return { createdAt: new Date(modified).toISOString(), message: "", number: version, minorEdit: false, authorId: author.accountId };
}

export function spaceShape({ request, site }: Call, space: Space): object {
  return {
    id: String(space.id),
    key: space.key,
    name: space.name,
    type: space.type,
    status: space.status,
    authorId: site.owner.accountId,
    createdAt: new Date(space.created).toISOString(),
    ...(space.homepage !== null && { homepageId: String(space.homepage) }),
    description: null,
    icon: null,
    _links: { webui: `/spaces/${space.key}` },
    ...(request.path.endsWith(`/${space.id}`) && { currentActiveAlias: space.key }),
  };
}

/** A page; `body` where it is asked for. */
export function pageShape(tools: ConfluenceTools, call: Call, page: Content, bodyOf?: Version): object {
  const { site } = call;
  const parent = page.parent === null ? undefined : tools.store.content(site, page.parent);
  const key = tools.store.space(site, page.space)?.key ?? "";
  const webui = `/spaces/${key}/pages/${page.id}/${encodeURIComponent(page.title).replaceAll("%20", "+")}`;
  return {
    id: String(page.id),
    status: page.status,
    title: bodyOf?.title ?? page.title,
    spaceId: String(page.space),
    parentId: parent === undefined ? null : String(parent.id),
    parentType: parent?.kind ?? null,
    position: 0,
    authorId: site.owner.accountId,
    ownerId: site.owner.accountId,
    lastOwnerId: null,
    subtype: null,
    createdAt: new Date(page.created).toISOString(),
    version: versionShape(bodyOf === undefined ? page : { version: bodyOf.version, modified: bodyOf.at }, site.owner),
    body: bodyOf === undefined ? {} : { storage: { representation: "storage", value: bodyOf.body ?? "" } },
    _links: { webui, editui: `/pages/resumedraft.action?draftId=${page.id}`, tinyui: `/x/${page.id.toString(36)}` },
  };
}

/** A folder, a whiteboard, a database, or a link that stands for a page. */
export function containerShape(tools: ConfluenceTools, call: Call, content: Content): object {
  const { site } = call;
  const parent = content.parent === null ? undefined : tools.store.content(site, content.parent);
  const key = tools.store.space(site, content.space)?.key ?? "";
  return {
    id: String(content.id),
    type: content.kind,
    status: content.status,
    title: content.title,
    parentId: parent === undefined ? null : String(parent.id),
    parentType: parent?.kind ?? null,
    position: 0,
    authorId: site.owner.accountId,
    ownerId: site.owner.accountId,
    createdAt: new Date(content.created).toISOString(),
    spaceId: String(content.space),
    version: versionShape(content, site.owner),
    _links: { webui: `/spaces/${key}/${content.kind}/${content.id}`, base: baseOf(call) },
  };
}

export function attachmentShape(tools: ConfluenceTools, { site }: Call, attachment: Content): object {
  const { id, parent, title, version, modified } = attachment;
  const download = `/download/attachments/${parent}/${encodeURIComponent(title)}?version=${version}&modificationDate=${modified}&cacheVersion=1&api=v2`;
  const webui = `/pages/viewpageattachments.action?pageId=${parent}&preview=%2F${parent}%2F${id}%2F${encodeURIComponent(title)}`;
  const isBlog = tools.store.content(site, parent ?? 0)?.kind === "blogpost";
  return {
    id: attachmentId(id),
    status: attachment.status,
    title,
    createdAt: new Date(attachment.created).toISOString(),
    ...(isBlog ? { blogPostId: String(parent) } : { pageId: String(parent) }),
    mediaType: attachment.mediaType ?? "application/octet-stream",
    mediaTypeDescription: "File",
    comment: "",
    fileId: attachment.media,
    fileSize: tools.media.size(attachment.media ?? ""),
    webuiLink: webui,
    downloadLink: download,
    version: versionShape(attachment, site.owner),
    _links: { webui, download },
  };
}
