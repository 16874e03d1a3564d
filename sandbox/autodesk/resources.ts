import { extensionOf, mimeTypeOf } from "../drives/mime.ts";
import { ROOT_N, type Item } from "../drives/store.ts";
import type { Account, Hub } from "./accounts.ts";
import type { AutodeskTools, Call, Located } from "./context.ts";
import { API_HOST, WEB_HOST } from "./hosts.ts";

// Hubs, projects, folders, items and versions as the Data Management API describes them.

const DELETED = "versions:autodesk.core:Deleted";
const CLOUD_MODEL = / \(cloud model\)\.rvt$/i;
const COMPOSITE = / \(composite\)\.rvt$/i;

export type Resource = { type: string; id: string; [member: string]: unknown };

export const linkTo = (call: Call, path: string): { href: string } => ({ href: `${call.request.site(API_HOST)}${path}` });

export function hubResource(call: Call, { id, name, region }: Hub): Resource {
  return {
    type: "hubs",
    id,
    attributes: { name, extension: extension(call, "hubs:autodesk.bim360:Account"), region },
    relationships: { projects: { links: { related: linkTo(call, `/project/v1/hubs/${id}/projects`) } } },
    links: { self: linkTo(call, `/project/v1/hubs/${id}`) },
  };
}

export function projectResource(call: Call, project: Account): Resource {
  const path = `/project/v1/hubs/${project.hub.id}/projects/${project.driveId}`;
  const rootFolder = project.ids.folder(ROOT_N);
  return {
    type: "projects",
    id: project.driveId,
    attributes: {
      name: project.projectName,
      scopes: [],
      extension: extension(call, "projects:autodesk.bim360:Project", { projectType: project.hub.product }),
    },
    relationships: {
      hub: { data: { type: "hubs", id: project.hub.id }, links: { related: linkTo(call, `/project/v1/hubs/${project.hub.id}`) } },
      rootFolder: {
        data: { type: "folders", id: rootFolder },
        meta: { link: linkTo(call, `/data/v1/projects/${project.driveId}/folders/${encodeURIComponent(rootFolder)}`) },
      },
      topFolders: { links: { related: linkTo(call, `${path}/topFolders`) } },
    },
    links: { self: linkTo(call, path), webView: { href: webView(project) } },
  };
}

export function folderResource(tools: AutodeskTools, call: Call, { project, item }: Located): Resource {
  const id = project.ids.folder(item.n);
  const at = `/data/v1/projects/${project.driveId}/folders/${encodeURIComponent(id)}`;
  const name = item.n === ROOT_N ? `${project.driveId.slice(2)}-root-folder` : item.name;
  const stale = tools.faults.strike("autodesk-rollup-stale", call.asked) !== undefined;
  return {
    type: "folders",
    id,
    attributes: {
      name,
      displayName: name,
      ...times(project, item),
      lastModifiedTimeRollup: time(stale ? 0 : tools.rollups.at(project, item)),
      objectCount: item.children,
      hidden: isHidden(item),
      extension: extension(call, "folders:autodesk.bim360:Folder", { folderType: item.name === "Plans" ? "plan" : "normal" }),
    },
    relationships: {
      contents: { links: { related: linkTo(call, `${at}/contents`) } },
      ...parentOf(call, { project, item }, at),
      refs: related(call, at, "refs"),
      links: { links: { self: linkTo(call, `${at}/relationships/links`) } },
    },
    links: { self: linkTo(call, at), webView: { href: webView(project, id) } },
  };
}

export function itemResource(call: Call, located: Located): Resource {
  const { project, item } = located;
  const id = project.ids.id(item.n);
  const at = `/data/v1/projects/${project.driveId}/items/${encodeURIComponent(id)}`;
  return {
    type: "items",
    id,
    attributes: {
      displayName: item.name,
      ...times(project, item),
      hidden: isHidden(item),
      reserved: false,
      extension: extension(call, isCloudModel(item) ? "items:autodesk.bim360:C4RModel" : "items:autodesk.bim360:File"),
    },
    relationships: {
      tip: { data: { type: "versions", id: versionId(located) }, links: { related: linkTo(call, `${at}/tip`) } },
      versions: { links: { related: linkTo(call, `${at}/versions`) } },
      ...parentOf(call, located, at),
      refs: related(call, at, "refs"),
      links: { links: { self: linkTo(call, `${at}/relationships/links`) } },
    },
    links: { self: linkTo(call, at), webView: { href: webView(project, id) } },
  };
}

/** The tip: every change of an item makes a version, its deletion too. */
export function versionResource(tools: AutodeskTools, call: Call, located: Located): Resource {
  const { project, item } = located;
  const id = versionId(located);
  const at = `/data/v1/projects/${project.driveId}/versions/${encodeURIComponent(id)}`;
  const struck = (name: "autodesk-no-size" | "autodesk-processing"): boolean => tools.faults.strikesItem(name, call.asked, item);
  const hasStorage = !isHidden(item) && !CLOUD_MODEL.test(item.name) && !struck("autodesk-processing");
  const bucket = tools.objects.bucket(project);
  const key = tools.objects.key(located);
  return {
    type: "versions",
    id,
    attributes: {
      name: item.name,
      displayName: item.name,
      ...times(project, item),
      versionNumber: item.revision,
      mimeType: mimeTypeOf(item.name),
      fileType: extensionOf(item.name),
      ...(hasStorage && !struck("autodesk-no-size") && { storageSize: item.size }),
      extension: extension(call, versionType(item), isCloudModel(item) ? { isCompositeDesign: COMPOSITE.test(item.name) } : {}),
    },
    relationships: {
      item: {
        data: { type: "items", id: project.ids.id(item.n) },
        links: { related: linkTo(call, `${at}/item`) },
      },
      refs: related(call, at, "refs"),
      links: { links: { self: linkTo(call, `${at}/relationships/links`) } },
      ...(hasStorage && {
        storage: {
          data: { type: "objects", id: `urn:adsk.objects:os.object:${bucket}/${key}` },
          meta: { link: linkTo(call, `/oss/v2/buckets/${bucket}/objects/${key}?scopes=b360project.${project.driveId.slice(2)}`) },
        },
      }),
    },
    links: { self: linkTo(call, at), webView: { href: webView(project, id) } },
  };
}

/** Deleted by itself. What is in a deleted folder is not hidden: the folder is. */
export const isHidden = (item: Item): boolean => item.deletedBy === item.n;

export const versionId = ({ project, item }: Located): string => project.ids.version(item.n, item.revision);

const isCloudModel = ({ name }: Item): boolean => CLOUD_MODEL.test(name) || COMPOSITE.test(name);

function versionType(item: Item): string {
  if (isHidden(item)) return DELETED;
  return isCloudModel(item) ? "versions:autodesk.bim360:C4RModel" : "versions:autodesk.bim360:File";
}

function parentOf(call: Call, { project, item }: Located, at: string): object {
  if (item.parent === null) return {};
  return { parent: { data: { type: "folders", id: project.ids.folder(item.parent) }, links: { related: linkTo(call, `${at}/parent`) } } };
}

function related(call: Call, at: string, name: string): object {
  return { links: { self: linkTo(call, `${at}/relationships/${name}`), related: linkTo(call, `${at}/${name}`) } };
}

function extension(call: Call, type: string, data: object = {}): object {
  return { type, version: "1.0", schema: linkTo(call, `/schema/v1/versions/${encodeURIComponent(`${type}-1.0`)}`), data };
}

function times(project: Account, item: Item): object {
  const { userId, displayName } = project;
  return {
    createTime: time(item.created),
    createUserId: userId,
    createUserName: displayName,
    lastModifiedTime: time(item.folder ? item.changed : item.modified),
    lastModifiedUserId: userId,
    lastModifiedUserName: displayName,
  };
}

/** In whole seconds, with seven digits behind. */
const time = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}.0000000Z`;

const webView = (project: Account, id?: string): string =>
  `https://${WEB_HOST}/docs/files/projects/${project.driveId.slice(2)}${id === undefined ? "" : `?entityId=${encodeURIComponent(id)}`}`;
