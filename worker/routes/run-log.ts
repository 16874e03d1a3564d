import type { AppContext, UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { catalogue } from "../db/client.ts";
import { toInstant } from "../db/instant.ts";
import type { RunEventRow } from "../db/run-events.ts";
import { listRunEvents, RUN_EVENTS_MAX } from "../db/run-events.ts";
import type { RunRow } from "../db/runs.ts";
import { encodeItemId } from "../item-id.ts";
import { listen } from "./live.ts";
import { loadRun } from "./load.ts";
import type { EventSink } from "./sse.ts";
import { eventStream } from "./sse.ts";
import type { Run, RunEvent } from "../wire.ts";

/**
 * A run's log as server-sent events: `log` for each line, its number as the id; then, while the run goes on, the lines as
 * they come. `end` is the last one: there is nothing more to come back for.
 */
export function runLog(c: AppContext<UserEnv>, run: RunRow): Response {
  const lastNumber = Number(c.req.header("last-event-id"));
  const after = Number.isSafeInteger(lastNumber) && lastNumber > 0 ? lastNumber : 0;
  return eventStream(c, async (sink) => {
    const lines = logLines(sink, after);
    // Listening begins before what is stored is read, so that nothing falls between: no line, and not the run's end.
    if (run.finishedAt === null) await follow(c, run.id, lines, sink);
    const { finishedAt } = run.finishedAt === null ? await loadRun(c, run.id) : run;
    const { id: userId, homeShard } = c.var.user;
    const stored = await listRunEvents(catalogue(c.env, homeShard), userId, run.id, { afterNumber: after, limit: RUN_EVENTS_MAX });
    lines.sendStored(stored.map((row) => toRunEvent(run.syncId, row)));
    if (finishedAt !== null) lines.end();
  });
}

function follow(c: AppContext<UserEnv>, runId: string, lines: LogLines, sink: EventSink): Promise<void> {
  return listen(userObject(c.env, c.var.user.id), {
    since: undefined,
    signal: sink.signal,
    onMessage: ({ event }) => {
      if (event.type === "log" && event.runId === runId) lines.sendLive(event.event);
      if (event.type === "run" && event.run.id === runId && isOver(event.run)) lines.end();
    },
    onEnd: () => sink.close(),
  });
}

interface LogLines {
  sendStored(events: readonly RunEvent[]): void;
  sendLive(event: RunEvent): void;
  end(): void;
}

/** Sends each line once and in order: live ones wait until the stored ones are out. */
function logLines(sink: EventSink, after: number): LogLines {
  let waiting: RunEvent[] | null = [];
  let last = after;
  let ended = false;
  const send = (event: RunEvent) => {
    if (event.number <= last) return;
    last = event.number;
    sink.send({ id: String(event.number), event: "log", data: event });
  };
  const finish = () => {
    sink.send({ event: "end", data: {} });
    sink.close();
  };
  return {
    sendStored(events) {
      for (const event of [...events, ...(waiting ?? [])]) send(event);
      waiting = null;
      if (ended) finish();
    },
    sendLive(event) {
      if (waiting) waiting.push(event);
      else send(event);
    },
    end() {
      ended = true;
      if (!waiting) finish();
    },
  };
}

function isOver(run: Run): boolean {
  return run.finishedAt !== null;
}

function toRunEvent(syncId: string, row: RunEventRow): RunEvent {
  return {
    number: row.number,
    at: toInstant(row.at),
    level: row.level,
    message: row.message,
    itemId: row.remoteId === null ? null : encodeItemId(syncId, row.remoteId),
  };
}
