import type { Wake } from "../../durable-objects/rpc.ts";

/** The message of the wakes queue: look at this user now. */
export interface WakeMessage {
  userId: string;
  wake: Wake;
  /** Of the request, or the tick, that sent it. */
  requestId: string;
}
