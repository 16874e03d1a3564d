import type { Wake } from "../../durable-objects/rpc.ts";
import type { AppContext } from "../context.ts";
import { sendWakes } from "../cron.ts";
import type { WakeMessage } from "./wake-message.ts";
import { distinctWakes } from "./dead.ts";

/** Puts a delivery's wakes into the queue, by user: each different one once, and none of who gets too many. */
export async function deliverWakes(c: AppContext, provider: string, wakes: ReadonlyMap<string, readonly Wake[]>): Promise<void> {
  const messages: WakeMessage[] = [];
  for (const [userId, found] of wakes) {
    const { success } = await c.env.WEBHOOK_LIMIT.limit({ key: userId });
    if (success) messages.push(...distinctWakes(found).map((wake) => ({ userId, wake, requestId: c.var.requestId })));
    else c.var.log.warn("webhook.limited", { provider, userId });
  }
  await sendWakes(c.env.WAKES, messages);
}
