import type { ItemRow } from "../worker/sync/item.ts";
import type { Note } from "../worker/sync/plan.ts";
import type { DriftKind } from "../worker/sync/verifying.ts";
import { NO_DRIFT } from "../worker/sync/verifying.ts";
import type { Engine } from "./engine.ts";
import { logEvents } from "./run-log.ts";
import type { RunState } from "./user-sync-schema.ts";

const MESSAGES: Record<DriftKind, (name: string) => Pick<Note, "level" | "message">> = {
  unknown: (name) => ({ level: "info", message: `“${name}” is at the source, and was not known here. It is now.` }),
  differing: (name) => ({ level: "info", message: `“${name}” was otherwise here than at the source. It is not any more.` }),
  gone: (name) => ({ level: "info", message: `“${name}” is no longer at the source, and was still here as if it were.` }),
  stuck: (name) => ({ level: "info", message: `“${name}” waited for a download that nobody was to make. It is queued now.` }),
  missing: (name) => ({
    level: "error",
    message: `The content of “${name}” is not where it was stored. It is fetched again, if the source has it.`,
  }),
  damaged: (name) => ({ level: "error", message: `The content of “${name}” has other bytes than were stored. It is fetched again.` }),
  lost: (name) => ({ level: "error", message: `An earlier content of ${name} is not where it was stored: it is lost.` }),
  orphans: (name) => ({ level: "info", message: `The object ${name} belonged to nothing, and was deleted.` }),
};

export interface Drifted {
  remoteId: string | null;
  name: string;
}

/** What an enumeration of a verify run has otherwise than the catalogue. */
export async function noteDifferences(
  engine: Engine,
  run: RunState,
  known: ReadonlyMap<string, ItemRow>,
  rows: readonly ItemRow[],
): Promise<void> {
  if (run.verify?.phase !== "source") return;
  const isKnown = ({ remoteId }: ItemRow) => (known.get(remoteId)?.state ?? "removed") !== "removed";
  await noteDrift(engine, run, "unknown", rows.filter((row) => !isKnown(row))); // prettier-ignore
  await noteDrift(engine, run, "differing", rows.filter(isKnown)); // prettier-ignore
}

/** What the source of a verify run no longer has. A removal that is held is known to be one. */
export async function noteGone(engine: Engine, run: RunState, rows: readonly ItemRow[]): Promise<void> {
  if (run.verify?.phase === "source") await noteDrift(engine, run, "gone", rows.filter((row) => row.state !== "held")); // prettier-ignore
}

/**
 * Counts and names what has drifted, durably, before it is mended: a crash in between has it counted twice rather than not
 * at all.
 */
export async function noteDrift(engine: Engine, run: RunState, kind: DriftKind, drifted: readonly Drifted[]): Promise<void> {
  if (drifted.length === 0) return;
  const drift = run.drift ?? NO_DRIFT;
  run.drift = { ...drift, [kind]: drift[kind] + drifted.length };
  await logEvents(engine, run, drifted.map(({ remoteId, name }) => ({ remoteId, ...MESSAGES[kind](name) }))); // prettier-ignore
  engine.store.saveRun(run);
}
