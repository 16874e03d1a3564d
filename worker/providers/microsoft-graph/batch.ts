import { ProviderError } from "../errors.ts";
import { reportBudget } from "../http.ts";
import type { BatchAnswer, BatchResponse } from "./api.ts";
import { graphError } from "./errors.ts";
import type { Graph } from "./graph.ts";
import { pause } from "../pause.ts";

/** Most requests that Graph takes in one batch. */
export const BATCH_MAX = 20;
/** What a listing has just named may be unknown for a moment, and some valid ids are refused once in a hundred times. */
const DOUBT_WAITS_MILLISECONDS = [300, 1_200] as const;

/** What one path has: its JSON; or why it has none, where that concerns this path alone. */
export type Got = { body: unknown } | { refused: ProviderError };

/**
 * What these paths below the API's version have, in their order. Nothing is believed to be missing before it was so each time.
 * Throws what concerns all of them: throttling, a dead grant, a fault that does not pass.
 */
export async function getEach(graph: Graph, paths: readonly string[]): Promise<Got[]> {
  const got: Got[] = [];
  for (let start = 0; start < paths.length; start += BATCH_MAX) got.push(...(await getBatch(graph, paths.slice(start, start + BATCH_MAX))));
  return got;
}

async function getBatch(graph: Graph, paths: readonly string[]): Promise<Got[]> {
  const got = new Map<string, Got>();
  let asked = [...new Set(paths)];
  for (let attempt = 0; asked.length > 0; attempt++) {
    const answers = await ask(graph, asked);
    const wait = DOUBT_WAITS_MILLISECONDS[attempt];
    const doubtful: string[] = [];
    let tokenRefused = false;
    for (const [path, answer] of answers) {
      const outcome = read(graph, answer);
      const isDoubtful = "refused" in outcome && DOUBTFUL.has(outcome.refused.kind);
      if (isDoubtful && wait !== undefined) doubtful.push(path);
      else if ("refused" in outcome && !OWN.has(outcome.refused.kind)) throw outcome.refused;
      else got.set(path, outcome);
      tokenRefused ||= "refused" in outcome && outcome.refused.kind === "auth";
    }
    asked = doubtful;
    // A part may refuse the token that the batch was let in with: with a new one it is asked again.
    if (tokenRefused && asked.length > 0) await graph.context.accessToken({ renew: true });
    if (asked.length > 0 && wait !== undefined) await pause(wait);
  }
  return paths.flatMap((path) => got.get(path) ?? []);
}

/** Kinds of failure that may be another answer in a moment. */
const DOUBTFUL: ReadonlySet<string> = new Set(["not_found", "transient", "auth"]);
/** Kinds of failure that concern one path alone. */
const OWN: ReadonlySet<string> = new Set(["not_found", "forbidden", "blocked", "unsupported"]);

async function ask(graph: Graph, paths: readonly string[]): Promise<Map<string, BatchResponse>> {
  const requests = paths.map((url, index) => ({ id: String(index), method: "GET", url }));
  const answer = (await graph.json(graph.url("/$batch"), { method: "POST", json: { requests } })) as BatchAnswer | null;
  const byPath = new Map<string, BatchResponse>();
  for (const response of Array.isArray(answer?.responses) ? answer.responses : []) {
    const path = paths[Number(response.id)];
    if (path !== undefined) byPath.set(path, response);
  }
  if (byPath.size < paths.length) throw new ProviderError("transient", "The batch was not answered in full.");
  return byPath;
}

function read(graph: Graph, { status = 0, headers, body }: BatchResponse): Got {
  const told = new Headers(headers);
  // A batch is free, and its parts are charged: they tell what is left.
  reportBudget(graph.context, told);
  return status >= 200 && status < 300 ? { body } : { refused: graphError(status, told, body, graph.context.now()) };
}
