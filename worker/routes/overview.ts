import { Hono } from "hono";
import type { UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { catalogue } from "../db/client.ts";
import { listConnections, toConnection } from "../db/connections.ts";
import { recentRuns } from "../db/runs.ts";
import type { SyncRow } from "../db/syncs.ts";
import { listSyncs } from "../db/syncs.ts";
import { withLastRuns, withLiveNumbers } from "./load.ts";
import type { Dashboard, Status } from "../wire.ts";

const RECENT_RUNS = 10;

/** GET /status: the user's whole state at a glance. */
export const statusRoutes = new Hono<UserEnv>().get("/", async (c) => {
  const { id, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  const [connections, syncs, live] = await Promise.all([listConnections(db, id), listSyncs(db, id), userObject(c.env, id).statuses()]);
  const names = new Map(syncs.map((sync) => [sync.id, sync.name]));
  const answer: Status = {
    connections: connections.map(toConnection),
    syncs: live.map((status) => ({ id: status.syncId, name: names.get(status.syncId) ?? "", live: status })),
  };
  return c.json(answer);
});

/** GET /dashboard: the numbers of the first page. */
export const dashboardRoutes = new Hono<UserEnv>().get("/", async (c) => {
  const { id, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  const [connections, syncs, runs, live] = await Promise.all([
    listConnections(db, id),
    listSyncs(db, id),
    recentRuns(db, id, RECENT_RUNS),
    userObject(c.env, id).statuses(),
  ]);
  const answer: Dashboard = {
    totals: totals(syncs),
    connections: connections.map(toConnection),
    syncs: await withLastRuns(c, syncs, live),
    live,
    recentRuns: await withLiveNumbers(c, runs, live),
  };
  return c.json(answer);
});

function totals(syncs: readonly SyncRow[]): Dashboard["totals"] {
  const sum = (pick: (sync: SyncRow) => number) => syncs.reduce((total, sync) => total + pick(sync), 0);
  return {
    files: sum((sync) => sync.fileCount),
    stored: sum((sync) => sync.storedCount),
    failed: sum((sync) => sync.failedCount),
    skipped: sum((sync) => sync.skippedCount),
    bytes: sum((sync) => sync.storedBytes),
    versions: sum((sync) => sync.versionCount),
    versionBytes: sum((sync) => sync.versionBytes),
  };
}
