import { asProviderError, type ProviderError } from "../errors.ts";
import type { DropboxApi } from "./dropbox-api.ts";

/** Questions at once: a Worker has six connections. */
const AT_ONCE = 4;

/** What is at these paths, or has these ids, one request each; an error where that is the answer. */
export async function metadataOf(api: DropboxApi, feedId: string, paths: readonly string[]): Promise<Map<string, unknown>> {
  const answers = new Map<string, unknown>();
  const waiting = [...paths];
  const work = async () => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      try {
        answers.set(path, await api.ask("files/get_metadata", { path }, feedId));
      } catch (error) {
        const problem = asProviderError(error);
        if (!isOfOne(problem)) throw problem;
        answers.set(path, problem);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return answers;
}

/** Whether an error concerns the one thing that was asked for, and not the connection. */
function isOfOne({ kind, status }: ProviderError): boolean {
  return status === 409 && kind !== "throttled" && kind !== "transient";
}
