import type { AppContext, UserEnv } from "../context.ts";
import { errorFields } from "../log.ts";

// Server-sent events.

const HEARTBEAT_MILLISECONDS = 20_000;
/** A reader that is this many events behind is let go: it comes back with `Last-Event-ID`. */
const BEHIND_EVENTS_MAX = 1000;

interface ServerEvent {
  id?: string;
  event: string;
  data: unknown;
}

export interface EventSink {
  send(event: ServerEvent): void;
  /** Ends the stream. Sending after that does nothing. */
  close(): void;
  /** Aborted when the stream has ended, whoever ended it. */
  readonly signal: AbortSignal;
}

/** An answer that stays open: `feed` sends into it until it closes it, or the reader is gone. */
export function eventStream(c: AppContext<UserEnv>, feed: (sink: EventSink) => void | Promise<void>): Response {
  const ended = new AbortController();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = () => {
          if (ended.signal.aborted) return;
          clearInterval(heartbeat);
          ended.abort();
          controller.close();
        };
        const write = (text: string) => {
          if (ended.signal.aborted) return;
          controller.enqueue(encoder.encode(text));
          if ((controller.desiredSize ?? 0) < -BEHIND_EVENTS_MAX) end();
        };
        const heartbeat = setInterval(() => write(": still here\n\n"), HEARTBEAT_MILLISECONDS);
        ended.signal.addEventListener("abort", () => clearInterval(heartbeat));
        c.req.raw.signal.addEventListener("abort", end);
        // The first bytes tell the browser that the stream is open.
        write("retry: 2000\n\n");
        const fed = feed({ send: (event) => write(format(event)), close: end, signal: ended.signal });
        void Promise.resolve(fed).catch((error: unknown) => {
          if (!ended.signal.aborted) c.var.log.error("events.broken", { path: c.req.path, ...errorFields(error) });
          end();
        });
      },
      cancel() {
        ended.abort();
      },
    },
    new CountQueuingStrategy({ highWaterMark: 1 }),
  );
  return new Response(body, {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}

function format({ id, event, data }: ServerEvent): string {
  const head = id === undefined ? "" : `id: ${id.replace(/[\r\n\0]/g, "")}\n`;
  return `${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
