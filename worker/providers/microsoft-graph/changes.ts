import { ProviderError } from "../errors.ts";
import { discard, readJson } from "../http.ts";
import type { ChangePage } from "../provider.ts";
import type { DeltaPage } from "./api.ts";
import { toChange } from "./entry.ts";
import { toProviderError } from "./errors.ts";
import type { Graph } from "./graph.ts";
import { isPersonalDrive } from "./ids.ts";
import { pause } from "../pause.ts";

/**
 * Entries a page. Graph's default is 200 and its bound about 1,000; a request costs the same either way, but a page is one step,
 * held in memory and done again whole after a crash, and the largest pages are the ones that time out at the source.
 */
const PAGE_ITEMS = 500;
/** A link that fails as if it were wrong is asked again, since such answers pass; then it has had its time. */
const LINK_WAITS_MILLISECONDS = [500, 2_000] as const;

/** One page of the drive's delta. Links are used as they came, and only towards Graph. */
export async function changes(graph: Graph, driveId: string, cursor: string | null): Promise<ChangePage> {
  if (cursor !== null && !graph.owns(cursor)) throw new ProviderError("cursor_expired", "The cursor leads elsewhere.");
  const url = cursor ?? graph.url(`/drives/${encodeURIComponent(driveId)}/root/delta?$top=${PAGE_ITEMS}`);
  const response = await ask(graph, url, driveId, cursor !== null);
  return toPage(graph, driveId, cursor, (await readJson(response)) as DeltaPage | null);
}

async function ask(graph: Graph, url: string, driveId: string, isLink: boolean): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    const response = await graph.request(url, { headers: preferences(driveId) });
    if (response.ok) return response;
    const looksWrong = isLink && (response.status === 400 || response.status === 404);
    const wait = LINK_WAITS_MILLISECONDS[attempt];
    if (!looksWrong || wait === undefined) throw await failure(graph, response, looksWrong);
    await discard(response);
    await pause(wait);
  }
}

/** The drive's changes are told without the unchanged folders above them, and a work drive's with its shortcuts to other drives. */
function preferences(driveId: string): Record<string, string> {
  return { deltaExcludeParent: "true", ...(!isPersonalDrive(driveId) && { Prefer: "Include-Feature=AddToOneDrive" }) };
}

/** A link that is refused for good means what 410 means; a drive that is gone will say so when it is enumerated. */
async function failure(graph: Graph, response: Response, looksWrong: boolean): Promise<ProviderError> {
  const location = response.headers.get("Location");
  const error = await toProviderError(response, graph.context.now());
  const expired = looksWrong ? error.kind === "not_found" || error.kind === "fatal" : error.kind === "cursor_expired";
  if (!expired) return error;
  return new ProviderError("cursor_expired", error.message, {
    status: response.status,
    ...(error.providerCode !== undefined && { providerCode: error.providerCode }),
    ...(location !== null && graph.owns(location) && { restartCursor: location }),
  });
}

function toPage(graph: Graph, driveId: string, cursor: string | null, page: DeltaPage | null): ChangePage {
  const next = page?.["@odata.nextLink"];
  const link = next ?? page?.["@odata.deltaLink"];
  if (typeof link !== "string" || !graph.owns(link)) throw new ProviderError("fatal", "The page has no link to go on with.");
  if (next !== undefined && next === cursor) throw new ProviderError("fatal", "The page leads to itself.");
  const rows = Array.isArray(page?.value) ? page.value : [];
  const now = graph.context.now();
  return { changes: rows.map((row) => toChange(row, driveId, now)), cursor: link, more: next !== undefined };
}
