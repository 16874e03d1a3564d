import { asProviderError } from "../errors.ts";
import type { Graph } from "../microsoft-graph/graph.ts";
import type { Check, FeedRef } from "../provider.ts";

// What this connection may do. Graph's tokens are not to be read: it is tried.

const ASK = "Connect the account again and allow it.";

/** `feeds`: asks for the person's drive. The connection is known to speak for somebody. */
export async function checks(graph: Graph, feeds: () => Promise<FeedRef[]>): Promise<Check[]> {
  const files = "Files (Files.Read)";
  const changes = "Changes (Files.Read)";
  let drive: FeedRef | undefined;
  try {
    [drive] = await feeds();
    await graph.json(graph.url(`/drives/${encodeURIComponent(drive?.id ?? "")}/root/children?$top=1&$select=id`));
  } catch (error) {
    return [{ name: files, ok: false, message: `The drive cannot be read: ${refusal(error)} ${ASK}` }];
  }
  const read = { name: files, ok: true, message: `“${drive?.name ?? "OneDrive"}” can be read.` };
  try {
    await graph.json(graph.url(`/drives/${encodeURIComponent(drive?.id ?? "")}/root/delta?token=latest`));
    return [read, { name: changes, ok: true, message: "What changes in it is told from now on." }];
  } catch (error) {
    return [read, { name: changes, ok: false, message: `Its changes are not told: ${refusal(error)}` }];
  }
}

/** Only a refusal is an outcome; a connection that does not work is thrown. */
function refusal(error: unknown): string {
  const { kind, message } = asProviderError(error);
  if (kind === "forbidden" || kind === "not_found" || kind === "unsupported") return message;
  throw error;
}
