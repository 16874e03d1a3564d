import { AppError } from "../errors.ts";
import type { UserObject } from "../context.ts";
import type { LiveEvent } from "../wire.ts";

/** One message of a user's live stream. */
export interface LiveMessage {
  id: string;
  event: LiveEvent;
}

/**
 * Listens to a user's live events, from the one after `since` where the object still knows it, until `signal` is aborted.
 * The object sleeps meanwhile: it is the Worker that holds the reader's connection.
 */
export async function listen(
  object: UserObject,
  options: { since: string | undefined; signal: AbortSignal; onMessage: (message: LiveMessage) => void; onEnd: () => void },
): Promise<void> {
  const address = new URL("https://object/live");
  if (options.since !== undefined) address.searchParams.set("since", options.since);
  const response = await object.fetch(address, { headers: { upgrade: "websocket" } });
  const socket = response.webSocket;
  if (!socket) throw new AppError("events.upgrade_failed", "Live events are not available right now.");
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string") options.onMessage(JSON.parse(data) as LiveMessage);
  });
  socket.addEventListener("close", options.onEnd);
  socket.addEventListener("error", options.onEnd);
  socket.accept();
  const close = () => socket.close(1000);
  if (options.signal.aborted) close();
  else options.signal.addEventListener("abort", close);
}
