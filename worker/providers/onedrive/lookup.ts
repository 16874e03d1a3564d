import { ProviderError } from "../errors.ts";
import type { Lookup } from "../provider.ts";
import type { BatchAnswer, BatchResponse } from "./api.ts";
import { toChange } from "./entry.ts";
import { reportBudget } from "../http.ts";
import { graphError } from "./errors.ts";
import type { Graph } from "./graph.ts";
import { pause } from "../pause.ts";

/** Most requests that Graph takes in one batch. */
export const BATCH_MAX = 20;
/** An item that a listing has just named may be unknown for a moment, and some valid ids are refused once in a hundred times. */
const DOUBT_WAITS_MILLISECONDS = [300, 1_200] as const;

/** What the drive has under these ids now. An id is gone only when it was not found each time; one without a sensible answer is left out. */
export async function lookup(graph: Graph, driveId: string, ids: readonly string[]): Promise<Lookup[]> {
  if (ids.length > BATCH_MAX) throw new ProviderError("fatal", `A lookup takes ${BATCH_MAX} ids at most.`);
  const found: Lookup[] = [];
  let asked = ids;
  for (let attempt = 0; asked.length > 0; attempt++) {
    const answers = await batch(graph, driveId, asked);
    const wait = DOUBT_WAITS_MILLISECONDS[attempt];
    const doubtful: string[] = [];
    let refused = false;
    for (const [id, answer] of answers) {
      const outcome = read(graph, driveId, id, answer);
      if (outcome instanceof ProviderError) {
        if (wait === undefined && outcome.kind !== "not_found") throw outcome;
        if (wait === undefined) found.push({ id, status: "gone" });
        else doubtful.push(id);
        refused ||= outcome.kind === "auth";
      } else if (outcome !== undefined) found.push(outcome);
    }
    asked = doubtful;
    // A part may refuse the token that the batch was let in with: with a new one it is asked again.
    if (refused && asked.length > 0) await graph.context.accessToken({ renew: true });
    if (asked.length > 0 && wait !== undefined) await pause(wait);
  }
  return found;
}

async function batch(graph: Graph, driveId: string, ids: readonly string[]): Promise<Map<string, BatchResponse>> {
  const requests = ids.map((id, index) => ({
    id: String(index),
    method: "GET",
    url: `/drives/${encodeURIComponent(driveId)}/items/${encodeURIComponent(id)}`,
  }));
  const answer = (await graph.json(graph.url("/$batch"), { method: "POST", json: { requests } })) as BatchAnswer | null;
  const responses = Array.isArray(answer?.responses) ? answer.responses : [];
  const byId = new Map<string, BatchResponse>();
  for (const response of responses) {
    const id = ids[Number(response.id)];
    if (id !== undefined) byId.set(id, response);
  }
  if (byId.size < ids.length) throw new ProviderError("transient", "The batch was not answered in full.");
  return byId;
}

/** A result; or, as an error, what may be different in a moment. Undefined: an item that makes no sense. Throws what concerns the whole. */
function read(graph: Graph, driveId: string, id: string, { status = 0, headers, body }: BatchResponse): Lookup | ProviderError | undefined {
  const now = graph.context.now();
  const told = new Headers(headers);
  // A batch is free, and its parts are charged: they tell what is left.
  reportBudget(graph.context, told);
  if (status >= 200 && status < 300) {
    const change = toChange(body, driveId, now);
    if (change.type === "removal") return { id, status: "gone" };
    return change.type === "upsert" ? { id, status: "found", entry: { ...change.entry, id } } : undefined;
  }
  const error = graphError(status, told, body, now);
  switch (error.kind) {
    case "not_found":
    case "transient":
    case "auth":
      return error;
    case "forbidden":
    case "blocked":
    case "unsupported":
      return { id, status: "refused" };
    default:
      throw error;
  }
}
