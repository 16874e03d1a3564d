import { ProviderError } from "../errors.ts";
import type { Lookup } from "../provider.ts";
import { BATCH_MAX, getEach } from "./batch.ts";
import { toChange } from "./entry.ts";
import type { Graph } from "./graph.ts";

/** What the drive has under these ids now. An id is gone only when it was not found each time; one without a sensible answer is left out. */
export async function lookup(graph: Graph, driveId: string, ids: readonly string[]): Promise<Lookup[]> {
  if (ids.length > BATCH_MAX) throw new ProviderError("fatal", `A lookup takes ${BATCH_MAX} ids at most.`);
  const got = await getEach(
    graph,
    ids.map((id) => `/drives/${encodeURIComponent(driveId)}/items/${encodeURIComponent(id)}`),
  );
  return ids.flatMap((id, index) => {
    const found = got[index];
    if (found === undefined) return [];
    if ("refused" in found) return { id, status: found.refused.kind === "not_found" ? ("gone" as const) : ("refused" as const) };
    const change = toChange(found.body, driveId, graph.context.now());
    if (change.type === "removal") return { id, status: "gone" as const };
    return change.type === "upsert" ? { id, status: "found" as const, entry: { ...change.entry, id } } : [];
  });
}
