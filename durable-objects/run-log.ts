import { appendRunEvents, RUN_EVENTS_MAX } from "../worker/db/run-events.ts";
import type { Note } from "../worker/sync/plan.ts";
import type { Engine } from "./engine.ts";
import type { RunState } from "./user-sync-schema.ts";

/** Adds lines to the run's log, as long as it has room. Changes `run`. */
export async function logEvents(engine: Engine, run: RunState, notes: readonly Note[]): Promise<void> {
  if (notes.length === 0 || run.events >= RUN_EVENTS_MAX) return;
  const at = engine.now();
  const events = notes
    .slice(0, RUN_EVENTS_MAX - run.events)
    .map((note, index) => ({ number: run.events + index + 1, at, level: note.level, message: note.message, remoteId: note.remoteId }));
  await appendRunEvents(engine.db(), engine.userId, run.id, events);
  run.events += events.length;
  for (const event of events) engine.live.emitLog(run, event);
}
