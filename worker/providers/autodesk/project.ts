import { ProviderError } from "../errors.ts";
import type { FeedRef } from "../provider.ts";
import type { Resource } from "./api.ts";
import { type Aps, asObject, relatedId, resourcesOf } from "./aps.ts";

// A feed is a project: its id names the hub as well, since the API asks for both. The root is the project itself, above the
// highest folders that are shown: who is no administrator never sees the folder that they lie in.

const ID = /^[A-Za-z0-9._:~-]{1,100}$/;

export interface ProjectRef {
  hubId: string;
  projectId: string;
}

export function feedIdOf({ hubId, projectId }: ProjectRef): string {
  return `${hubId}/${projectId}`;
}

/** Throws `not_found` where no project can have this id. */
export function projectRefOf(feedId: string): ProjectRef {
  const [hubId = "", projectId = "", ...rest] = feedId.split("/");
  if (!ID.test(hubId) || !ID.test(projectId) || rest.length > 0) throw new ProviderError("not_found", "There is no such project.");
  return { hubId, projectId };
}

/** The root's own id: no folder's, and no other project's. */
export const rootIdOf = ({ projectId }: ProjectRef): string => `project:${projectId}`;

export const projectPath = ({ hubId, projectId }: ProjectRef): string => `/project/v1/hubs/${hubId}/projects/${projectId}`;

export const dataPath = ({ projectId }: ProjectRef, kind: "folders" | "items", id: string): string =>
  `/data/v1/projects/${projectId}/${kind}/${encodeURIComponent(id)}`;

export interface FoundProject {
  ref: ProjectRef;
  name: string;
  rootFolderId: string | undefined;
}

export async function projectOf(aps: Aps, ref: ProjectRef): Promise<FoundProject> {
  const { data } = await aps.document(projectPath(ref));
  const resource = asObject<Resource>(data);
  return { ref, name: resource.attributes?.name ?? ref.projectId, rootFolderId: relatedId(resource, "rootFolder") };
}

/** The highest folders that are shown; deleted ones too, if they are wanted. `above`: the folders that they lie in. */
export async function topFoldersOf(aps: Aps, ref: ProjectRef, withDeleted: boolean) {
  const document = await aps.document(`${projectPath(ref)}/topFolders`, { excludeDeleted: !withDeleted });
  const folders = resourcesOf(document.data);
  return { ...document, folders, above: [...new Set(folders.flatMap((folder) => relatedId(folder, "parent") ?? []))] };
}

/** A project's name with its hub's. */
export const feedRef = (ref: ProjectRef, hub: string | undefined, name: string): FeedRef => ({
  id: feedIdOf(ref),
  name: hub === undefined ? name : `${hub} – ${name}`,
});
