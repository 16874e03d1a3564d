import { createApp } from "./app.ts";
import { consumeDownloads } from "./content/consumer.ts";
import type { JobMessage } from "./sync/job.ts";
import { tick } from "./cron.ts";
import { createLogger } from "./log.ts";
import { consumeNotices } from "./notices/consumer.ts";
import type { NoticeMessage } from "./notices/message.ts";
import type { WakeMessage } from "./webhooks/wake-message.ts";
import { consumeDead, consumeWakes } from "./webhooks/wakes.ts";

export { UserSync } from "../durable-objects/user-sync.ts";

const app = createApp();

export default {
  fetch: app.fetch,

  async scheduled(controller, env) {
    await tick(env, createLogger(env, { cron: controller.cron }), controller.scheduledTime);
  },

  async queue(batch, env) {
    switch (batch.queue) {
      case "tidemark-downloads":
        return consumeDownloads(batch as MessageBatch<JobMessage>, env);
      case "tidemark-wakes":
        return consumeWakes(batch as MessageBatch<WakeMessage>, env);
      case "tidemark-notices":
        return consumeNotices(batch as MessageBatch<NoticeMessage>, env, fetch);
      case "tidemark-dead":
        return consumeDead(batch as MessageBatch<WakeMessage | JobMessage>, env);
      default:
        throw new Error(`There is no consumer for the queue ${batch.queue}.`);
    }
  },
} satisfies ExportedHandler<Env>;
