import { z } from "zod";
import { count } from "./common.ts";
import { connection } from "./connections.ts";
import { run, type Run, type RunEvent } from "./runs.ts";
import { sync, syncStatus, type SyncStatus } from "./syncs.ts";

// Everything at a glance, and as it happens.

/** GET /api/v1/status: the user's whole state at a glance. */
export const status = z.object({
  connections: z.array(connection),
  syncs: z.array(z.object({ id: z.string(), name: z.string(), live: syncStatus })),
});
export type Status = z.infer<typeof status>;

/** GET /api/v1/dashboard: the numbers of the first page. */
export const dashboard = z.object({
  totals: z.object({ files: count, stored: count, failed: count, skipped: count, bytes: count, versions: count, versionBytes: count }),
  connections: z.array(connection),
  syncs: z.array(sync),
  /** How each sync stands at this moment, as `GET /events` goes on to tell. */
  live: z.array(syncStatus),
  recentRuns: z.array(run),
});
export type Dashboard = z.infer<typeof dashboard>;
/** What GET /api/v1/events sends: `event:` is the type, `data:` the rest as JSON, `id:` resumes. */
export type LiveEvent =
  /** Ask again for everything: what happened since the given id is no longer known. */
  | { type: "reset" }
  /** A sync's live status, at most about twice a second. */
  | { type: "status"; status: SyncStatus }
  /** Rows of this sync changed: folders on show may be out of date. */
  | { type: "items"; syncId: string }
  /** Settings or state of syncs or connections changed. */
  | { type: "account" }
  /** One more line of a run's log. */
  | { type: "log"; runId: string; event: RunEvent }
  | { type: "run"; run: Run };
