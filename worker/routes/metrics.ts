import { Hono } from "hono";
import { requireAdmin, requireUser } from "../auth/guard.ts";
import { rateLimit } from "../auth/rate-limit.ts";
import type { UserEnv } from "../context.ts";
import type { CatalogueCounts } from "../db/admin.ts";
import { catalogueCounts, catalogueState, countUsers } from "../db/admin.ts";
import { accounts, catalogues } from "../db/client.ts";
import { lastTick, TICK } from "../db/wakes.ts";
import { queueStates } from "./admin/queues.ts";
import type { Metric } from "./metrics-text.ts";
import { metricsText } from "./metrics-text.ts";

const DAY_MILLISECONDS = 24 * 3_600_000;
const KINDS = ["stored", "failed", "skipped", "excluded", "held"] as const;

/** GET /metrics: the numbers of the whole deployment, for Prometheus. Of nobody in particular. */
export const metricsRoutes = new Hono<UserEnv>()
  .use(requireUser)
  .use(requireAdmin)
  .use(
    rateLimit<UserEnv>(
      (env) => env.API_LIMIT,
      (c) => c.var.user.id,
    ),
  )
  .get("/", async (c) => {
    const now = Date.now();
    const db = accounts(c.env);
    const shards = catalogues(c.env);
    const [people, tickedAt, counts, states, queues] = await Promise.all([
      countUsers(db, now - DAY_MILLISECONDS),
      lastTick(db, TICK),
      Promise.all(shards.map(catalogueCounts)),
      Promise.all(shards.map((shard) => catalogueState(shard, now, 0))),
      queueStates(c),
    ]);
    const sum = (of: (shard: CatalogueCounts["totals"]) => number) => counts.reduce((total, shard) => total + of(shard.totals), 0);
    const metrics: Metric[] = [
      gauge("tidemark_users", "Users.", people.users),
      gauge("tidemark_users_signed_in_day", "Users who signed in during the last 24 hours.", people.recent),
      grouped(
        "tidemark_syncs",
        "Syncs, by status and mode.",
        counts.flatMap(({ syncs }) => syncs),
      ),
      grouped(
        "tidemark_connections",
        "Connections, by provider and status.",
        counts.flatMap(({ connections }) => connections),
      ),
      grouped(
        "tidemark_runs_unfinished",
        "Runs that have not ended, by type and status.",
        counts.flatMap(({ runs }) => runs),
      ),
      gauge(
        "tidemark_files",
        "Files that syncs know of.",
        sum(({ files }) => files),
      ),
      {
        name: "tidemark_files_by_state",
        help: "Files, by what became of them; what is neither waits.",
        samples: KINDS.map((state) => ({ labels: { state }, value: sum((totals) => totals[state]) })),
      },
      gauge(
        "tidemark_stored_bytes",
        "Bytes of current contents.",
        sum(({ bytes }) => bytes),
      ),
      gauge(
        "tidemark_version_bytes",
        "Bytes of contents that are kept as versions.",
        sum(({ versionBytes }) => versionBytes),
      ),
      gauge(
        "tidemark_syncs_alarmed",
        "Syncs that purge nothing until someone confirms many changes.",
        sum(({ alarmed }) => alarmed),
      ),
      gauge(
        "tidemark_syncs_overdue",
        "Syncs whose time passed without being taken note of.",
        states.reduce((total, state) => total + state.overdueCount, 0),
      ),
      {
        name: "tidemark_last_tick_timestamp_seconds",
        help: "When cron last ticked.",
        samples: tickedAt === undefined ? [] : [{ labels: {}, value: tickedAt / 1000 }],
      },
      {
        name: "tidemark_queue_backlog_messages",
        help: "Messages that wait in a queue, where the platform tells.",
        samples: queues.flatMap(({ name, backlog }) => (backlog === null ? [] : { labels: { queue: name }, value: backlog })),
      },
      {
        name: "tidemark_dead_letters",
        help: "Messages that failed every delivery in the last 30 days, by whether they were handed back.",
        samples: queues.flatMap(({ name, dead }) =>
          (["waiting", "returned"] as const).map((state) => ({ labels: { queue: name, state }, value: dead[state] })),
        ),
      },
    ];
    return c.text(metricsText(metrics), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" });
  });

function gauge(name: string, help: string, value: number): Metric {
  return { name, help, samples: [{ labels: {}, value }] };
}

/** Rows with a count: what else they have are labels. Those of several catalogues are added up. */
function grouped(name: string, help: string, rows: readonly ({ count: number } & Record<string, string | number>)[]): Metric {
  const sums = new Map<string, Metric["samples"][number]>();
  for (const { count, ...rest } of rows) {
    const labels = Object.fromEntries(Object.entries(rest).map(([label, value]) => [label, String(value)]));
    const key = JSON.stringify(labels);
    sums.set(key, { labels, value: (sums.get(key)?.value ?? 0) + count });
  }
  return { name, help, samples: [...sums.values()] };
}
