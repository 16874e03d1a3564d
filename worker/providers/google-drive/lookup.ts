import { ProviderError } from "../errors.ts";
import type { Lookup } from "../provider.ts";
import { type DriveFile, FILE_FIELDS } from "./api.ts";
import { asObject, type Drive } from "./drive.ts";
import { MY_DRIVE, toChange, type Viewpoint } from "./entry.ts";
import { pause } from "../pause.ts";
import { outside } from "./placing.ts";

/** Each is a request of its own, of which a few are under way at once. */
export const LOOKUP_MAX = 20;
/** A file that has just been made may be unknown for a moment. */
const DOUBT_WAIT_MILLISECONDS = 500;

/** What the feed has under these ids now. An id is gone only when it was not found twice; one without a sensible answer is left out. */
export async function lookup(view: Omit<Viewpoint, "rootId">, ids: readonly string[]): Promise<Lookup[]> {
  if (ids.length > LOOKUP_MAX) throw new ProviderError("fatal", `A lookup takes ${LOOKUP_MAX} ids at most.`);
  const { drive, feedId } = view;
  const first = await drive.each(ids, (id) => ask(drive, id));
  const doubtful = ids.filter((_, index) => first[index] === "gone");
  if (doubtful.length > 0) await pause(DOUBT_WAIT_MILLISECONDS);
  const second = new Map(doubtful.map((id, index) => [id, index]));
  const again = await drive.each(doubtful, (id) => ask(drive, id));
  const answers = ids.map((id, index) => [id, again[second.get(id) ?? -1] ?? first[index] ?? "gone"] as const);
  const files = answers.flatMap(([, answer]) => (typeof answer === "string" ? [] : answer));
  const rootId = feedId === MY_DRIVE && files.length > 0 ? await myRoot(drive) : feedId;
  const elsewhere = await outside(files, { ...view, rootId });
  return answers.flatMap(([id, answer]): Lookup | [] => {
    if (answer === "refused") return { id, status: "refused" };
    if (answer === "gone" || elsewhere.has(id)) return { id, status: "gone" };
    const change = toChange(answer, { ...view, rootId });
    if (change.type === "upsert") return { id, status: "found", entry: change.entry };
    return change.type === "removal" ? { id, status: "gone" } : [];
  });
}

async function myRoot(drive: Drive): Promise<string> {
  return asObject<DriveFile>(await drive.file(MY_DRIVE, "id")).id ?? "";
}

async function ask(drive: Drive, id: string): Promise<DriveFile | "gone" | "refused"> {
  try {
    return asObject<DriveFile>(await drive.file(id, FILE_FIELDS));
  } catch (error) {
    const kind = error instanceof ProviderError ? error.kind : undefined;
    if (kind === "not_found") return "gone";
    if (kind === "forbidden" || kind === "blocked") return "refused";
    throw error;
  }
}
