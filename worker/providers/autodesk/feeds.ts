import { ProviderError } from "../errors.ts";
import type { FeedRef } from "../provider.ts";
import type { Resource } from "./api.ts";
import type { Aps } from "./aps.ts";
import { nothingShown } from "./errors.ts";
import { feedRef, projectOf, projectRefOf } from "./project.ts";

/** More than that are not followed unasked: whoever has so many chooses. */
const PROJECTS_MAX = 100;

export interface Hub {
  id: string;
  name: string;
  region: string;
}

/** The hubs that are shown, and whether some are missing. Throws where there are none at all. */
export async function hubsOf(aps: Aps): Promise<{ hubs: Hub[]; partial: boolean }> {
  const { resources, partial } = await aps.list("/project/v1/hubs");
  const hubs = resources.flatMap(({ id, attributes }): Hub[] =>
    typeof id === "string" ? [{ id, name: attributes?.name ?? id, region: attributes?.region ?? "US" }] : [],
  );
  if (hubs.length === 0) throw nothingShown();
  return { hubs, partial };
}

/** One page of a hub's projects is not asked for by itself: there are few enough for all of them. */
export async function projectsOf(aps: Aps, hubId: string): Promise<Resource[]> {
  return (await aps.list(`/project/v1/hubs/${hubId}/projects`)).resources;
}

/** Every project of every hub. What is missing from a list that is not complete would be missing from the sync: there is then none. */
export async function allProjects(aps: Aps): Promise<FeedRef[]> {
  const { hubs, partial } = await hubsOf(aps);
  if (partial) throw new ProviderError("transient", "Autodesk's list of hubs is not complete at the moment.");
  const found = await aps.each(hubs, async (hub) =>
    (await projectsOf(aps, hub.id)).flatMap(({ id, attributes }) =>
      typeof id === "string" ? feedRef({ hubId: hub.id, projectId: id }, hub.name, attributes?.name ?? id) : [],
    ),
  );
  const projects = found.flat();
  if (projects.length > PROJECTS_MAX) {
    const message = `There are more than ${PROJECTS_MAX} projects. Choose those that this sync is to keep.`;
    throw new ProviderError("unsupported", message);
  }
  return projects;
}

/** Those of the chosen projects that are there. One that is gone, or not shown any more, is left out; any other failure is thrown. */
export async function chosenProjects(aps: Aps, chosen: readonly string[]): Promise<FeedRef[]> {
  const found = await aps.each([...new Set(chosen)], async (feedId): Promise<FeedRef | []> => {
    try {
      const { ref, name } = await projectOf(aps, projectRefOf(feedId));
      return feedRef(ref, undefined, name);
    } catch (error) {
      if (error instanceof ProviderError && (error.kind === "not_found" || isRefused(error))) return [];
      throw error;
    }
  });
  return found.flat();
}

/** Refused as this project alone is, and not for the lack of a permission that all of them need. */
function isRefused({ kind, providerCode }: ProviderError): boolean {
  return kind === "forbidden" && providerCode !== "AUTH-010";
}
