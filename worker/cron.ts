import { catalogues, accounts } from "./db/client.ts";
import type { Database } from "./db/client.ts";
import { purgeDead } from "./db/dead-letters.ts";
import { unfinishedRuns } from "./db/runs.ts";
import { purgeAudit } from "./db/audit.ts";
import { erasuresUnderWay, purgeErasures } from "./db/erasures.ts";
import { purgeSessions } from "./db/sessions.ts";
import { purgeTokens } from "./db/tokens.ts";
import type { DuePage } from "./db/wakes.ts";
import { lastTick, recordTick, TICK, usersWithDuePurges, usersWithDueSlots, usersWithDueSyncs } from "./db/wakes.ts";
import type { Logger } from "./log.ts";
import { minuteOf } from "./sync/slot.ts";
import type { WakeMessage } from "./webhooks/wake-message.ts";

// The clock. Each tick finds who is due since the last one and puts wakes into the queue; whether there is anything to do
// is the object's to decide.

/** A queue takes this many messages at once. */
const SEND_BATCH_MESSAGES = 100;
const PAGE_USERS = 1000;
/** Most users of one kind of wake in one tick; those left over come with the next watchdog or slot. */
const TICK_USERS_MAX = 200_000;
/** The longest interval a sync can have: what lies further back is due once, and no more. */
const CATCH_UP_MINUTES_MAX = 7 * 24 * 60;
const WATCHDOG_MINUTES = 5;
const PURGE_MINUTES = 60;
const PURGE_SESSIONS_MAX = 5000;
const PURGE_TOKENS_MAX = 5000;
const PURGE_DEAD_MAX = 5000;
/** So long administrators are shown what died. */
const DEAD_MILLISECONDS = 30 * 24 * 3_600_000;
/** So long an expired token is still told from one that never was. */
const EXPIRED_TOKEN_MILLISECONDS = 30 * 24 * 3_600_000;
/** So long the audit trail goes back. */
const AUDIT_MILLISECONDS = 365 * 24 * 3_600_000;
const PURGE_AUDIT_MAX = 5000;
/** So long it is known that somebody was erased: longer than a backup of the catalogue, which may bring them back. */
const ERASURE_MILLISECONDS = 60 * 24 * 3_600_000;
const PURGE_ERASURES_MAX = 5000;

/** One tick of the clock at `now`. Repeated, or late, it leaves nobody out: a wake too many does nothing. */
export async function tick(env: Env, log: Logger, now: number): Promise<void> {
  const minute = minuteOf(now);
  const db = accounts(env);
  const last = await lastTick(db, TICK);
  const lastMinute = last === undefined ? minute - 1 : Math.max(minuteOf(last), minute - CATCH_UP_MINUTES_MAX);
  const crossed = (every: number) => Math.floor(lastMinute / every) < Math.floor(minute / every);

  let due = 0;
  let watched = 0;
  let purged = 0;
  for (const shard of catalogues(env)) {
    due += await wakeAll(env, "schedule", (page) => dueUsers(shard, { fromMinute: lastMinute, toMinute: minute }, now, page));
    if (crossed(WATCHDOG_MINUTES)) {
      watched += await wakeAll(env, "watchdog", ({ afterUserId, limit }) => unfinishedRuns(shard, afterUserId, limit));
    }
    if (crossed(PURGE_MINUTES)) purged += await wakeAll(env, "purge", (page) => usersWithDuePurges(shard, now, page));
  }
  if (crossed(WATCHDOG_MINUTES)) await wakeAll(env, "erasure", (page) => erasuresUnderWay(db, page));
  if (crossed(PURGE_MINUTES)) {
    await purgeSessions(db, now, PURGE_SESSIONS_MAX);
    await purgeTokens(db, now - EXPIRED_TOKEN_MILLISECONDS, PURGE_TOKENS_MAX);
    await purgeDead(db, now - DEAD_MILLISECONDS, PURGE_DEAD_MAX);
    await purgeAudit(db, now - AUDIT_MILLISECONDS, PURGE_AUDIT_MAX);
    await purgeErasures(db, now - ERASURE_MILLISECONDS, PURGE_ERASURES_MAX);
  }
  // Last, so that a tick that failed half-way is made up for by the next one.
  await recordTick(db, TICK, now);
  log.info("cron.ticked", { minutes: minute - lastMinute, due, watched, purged });
}

/** One page over both kinds of schedule, in the order of user ids and without doubles. */
async function dueUsers(db: Database, minutes: { fromMinute: number; toMinute: number }, now: number, page: DuePage): Promise<string[]> {
  const [bySlot, byTime] = await Promise.all([
    minutes.toMinute > minutes.fromMinute ? usersWithDueSlots(db, minutes, page) : [],
    usersWithDueSyncs(db, now, page),
  ]);
  return [...new Set([...bySlot, ...byTime])].toSorted().slice(0, page.limit);
}

/** Sends a wake to everybody whom the pages name; how many that were. */
async function wakeAll(
  env: Env,
  reason: "schedule" | "watchdog" | "purge" | "erasure",
  pageAfter: (page: DuePage) => Promise<string[]>,
): Promise<number> {
  const requestId = `cron-${crypto.randomUUID()}`;
  let sent = 0;
  let afterUserId = "";
  while (sent < TICK_USERS_MAX) {
    const users = await pageAfter({ afterUserId, limit: PAGE_USERS });
    await sendWakes(
      env.WAKES,
      users.map((userId) => ({ userId, wake: { reason }, requestId })),
    );
    sent += users.length;
    const lastUser = users.at(-1);
    if (lastUser === undefined || users.length < PAGE_USERS) break;
    afterUserId = lastUser;
  }
  return sent;
}

/** Puts wakes into the queue, as many at once as it takes. */
export async function sendWakes(queue: Queue, wakes: readonly WakeMessage[]): Promise<void> {
  for (let start = 0; start < wakes.length; start += SEND_BATCH_MESSAGES) {
    await queue.sendBatch(wakes.slice(start, start + SEND_BATCH_MESSAGES).map((body) => ({ body })));
  }
}
