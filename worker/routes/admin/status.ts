import { Hono } from "hono";
import type { AppContext, UserEnv } from "../../context.ts";
import type { CatalogueState } from "../../db/admin.ts";
import { catalogueCounts, catalogueState, countUsers } from "../../db/admin.ts";
import { accounts, catalogues } from "../../db/client.ts";
import { toInstant, toInstantOrNull } from "../../db/instant.ts";
import { lastTick, TICK } from "../../db/wakes.ts";
import type { AdminStatus } from "../../wire/admin.ts";
import { adminStatus } from "../../wire/admin.ts";
import { noteAct } from "./audit.ts";
import { liveStatuses } from "./live.ts";
import { queueStates } from "./queues.ts";

/** Most of each kind that are named. */
const NAMED_MAX = 50;
/** Users whose objects are asked what they wait for. */
const OBJECTS_ASKED_MAX = 20;
const TICK_LATE_MILLISECONDS = 3 * 60_000;

/** /admin/status: whether the whole of it runs, and what does not. */
export const adminStatusRoutes = new Hono<UserEnv>().get("/", async (c) => {
  noteAct(c, "status.read");
  const now = Date.now();
  const db = accounts(c.env);
  const shards = catalogues(c.env);
  const [{ users }, tickedAt, states, counts, queues] = await Promise.all([
    countUsers(db, now),
    lastTick(db, TICK),
    Promise.all(shards.map((shard) => catalogueState(shard, now, NAMED_MAX))),
    Promise.all(shards.map(catalogueCounts)),
    queueStates(c),
  ]);
  const answer = {
    users,
    syncs: counts.flatMap((shard) => shard.syncs).reduce((sum, { count }) => sum + count, 0),
    cron: {
      lastTickAt: tickedAt === undefined ? null : toInstant(tickedAt),
      late: tickedAt === undefined || now - tickedAt > TICK_LATE_MILLISECONDS,
    },
    overdue: {
      count: sumOf(states, (state) => state.overdueCount),
      items: states.flatMap(({ overdue }) => overdue.map((row) => ({ ...row, dueAt: toInstant(row.dueAt) }))),
    },
    unfinishedRuns: {
      count: sumOf(states, (state) => state.unfinishedCount),
      items: states.flatMap(({ unfinished }) => unfinished.map((row) => ({ ...row, since: toInstant(row.since) }))),
    },
    connections: {
      count: sumOf(states, (state) => state.brokenCount),
      items: states.flatMap(({ broken }) => broken.map((row) => ({ ...row, lastValidatedAt: toInstantOrNull(row.lastValidatedAt) }))),
    },
    ...(await throttledAmong(c, states)),
    queues,
  };
  return c.json(adminStatus.parse(answer) satisfies AdminStatus);
});

/** Gates are known to the users' objects alone: those with the oldest unfinished runs are asked. */
async function throttledAmong(
  c: AppContext<UserEnv>,
  states: readonly CatalogueState[],
): Promise<Pick<AdminStatus, "throttled" | "unreachable">> {
  const userIds = [...new Set(states.flatMap(({ unfinished }) => unfinished.map(({ userId }) => userId)))].slice(0, OBJECTS_ASKED_MAX);
  const asked = await Promise.all(userIds.map(async (userId) => ({ userId, live: await liveStatuses(c, userId) })));
  return {
    throttled: asked.flatMap(({ userId, live }) =>
      [...(live?.values() ?? [])].flatMap(({ syncId, waitingFor }) =>
        waitingFor?.reason === "throttled" ? { userId, syncId, until: waitingFor.until } : [],
      ),
    ),
    unreachable: asked.flatMap(({ userId, live }) => (live === null ? userId : [])),
  };
}

function sumOf<T>(list: readonly T[], of: (entry: T) => number): number {
  return list.reduce((sum, entry) => sum + of(entry), 0);
}
