import type { AppContext, UserEnv } from "../../context.ts";
import { accounts } from "../../db/client.ts";
import { countDead } from "../../db/dead-letters.ts";
import { errorFields } from "../../log.ts";
import type { AdminStatus } from "../../wire/admin.ts";

/** How much waits in each queue, and what died of it in the last 30 days. */
export async function queueStates(c: AppContext<UserEnv>): Promise<AdminStatus["queues"]> {
  const dead = new Map((await countDead(accounts(c.env))).map((row) => [row.queue, row]));
  const queues = [
    { name: "downloads", queue: c.env.DOWNLOADS },
    { name: "wakes", queue: c.env.WAKES },
  ] as const;
  return Promise.all(
    queues.map(async ({ name, queue }) => ({
      name,
      backlog: await backlogOf(c, queue),
      dead: { waiting: dead.get(name)?.waiting ?? 0, returned: dead.get(name)?.returned ?? 0 },
    })),
  );
}

/** Messages that wait in a queue; null where the platform does not tell, as on a machine of one's own. */
async function backlogOf(c: AppContext<UserEnv>, queue: Queue): Promise<number | null> {
  try {
    return (await queue.metrics()).backlogCount;
  } catch (error) {
    c.var.log.debug("admin.no_backlog", errorFields(error));
    return null;
  }
}
