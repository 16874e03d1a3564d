import { Hono } from "hono";
import type { UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { listen } from "./live.ts";
import { eventStream } from "./sse.ts";

const EVENT_ID_CHARACTERS_MAX = 100;

/** GET /events: everything that happens to the user's syncs, as it happens. Resumes after `Last-Event-ID`. */
export const eventRoutes = new Hono<UserEnv>().get("/", (c) => {
  const since = c.req.header("last-event-id")?.slice(0, EVENT_ID_CHARACTERS_MAX);
  return eventStream(c, (sink) =>
    listen(userObject(c.env, c.var.user.id), {
      since,
      signal: sink.signal,
      onMessage: ({ id, event: { type, ...data } }) => sink.send({ id, event: type, data }),
      onEnd: () => sink.close(),
    }),
  );
});
