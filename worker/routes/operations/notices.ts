import * as wire from "../../wire.ts";
import * as notices from "../../wire/notifications.ts";
import * as webhooks from "../../wire/webhooks.ts";
import type { Operation } from "../operations.ts";

// Webhooks and mail, as the OpenAPI document tells them.

export const noticeShapes = {
  Webhook: webhooks.webhook,
  WebhookSecret: webhooks.webhookSecret,
  WebhookEvent: webhooks.webhookEvent,
  Delivery: webhooks.delivery,
  Notifications: notices.notifications,
} as const;

export const noticeOperations: readonly Operation[] = [
  { method: "get", path: "/webhooks", summary: "Where programs are told what happens", answer: { listOf: "Webhook" } },
  {
    method: "post",
    path: "/webhooks",
    summary: "Have a program told what happens; this answer is the only one that has the secret",
    body: webhooks.webhookCreate,
    status: 201,
    answer: { shape: "WebhookSecret" },
  },
  { method: "get", path: "/webhooks/{id}", summary: "One webhook", answer: { shape: "Webhook" } },
  {
    method: "patch",
    path: "/webhooks/{id}",
    summary: "Change a webhook, or switch it off or on",
    body: webhooks.webhookPatch,
    answer: { shape: "Webhook" },
  },
  { method: "delete", path: "/webhooks/{id}", summary: "Delete a webhook, with what is on its way", status: 204, answer: null },
  { method: "post", path: "/webhooks/{id}/test", summary: "Send it a test", status: 202, answer: { shape: "Delivery" } },
  {
    method: "post",
    path: "/webhooks/{id}/rotate-secret",
    summary: "Give it a new secret; for so many hours the one of now signs beside it",
    body: webhooks.secretRotation,
    answer: { shape: "WebhookSecret" },
  },
  {
    method: "get",
    path: "/webhooks/{id}/deliveries",
    summary: "What was sent to it, newest first, with every attempt",
    query: wire.pageQuery,
    answer: { listOf: "Delivery" },
  },
  {
    method: "post",
    path: "/webhooks/{id}/deliveries/{deliveryId}/redeliver",
    summary: "Send an event to it once more, with the same id",
    status: 202,
    answer: { shape: "Delivery" },
  },
  { method: "get", path: "/notifications", summary: "Where mail goes, and what kinds of it", answer: { shape: "Notifications" } },
  {
    method: "patch",
    path: "/notifications",
    summary: "Change what mail comes, and where to: another address is sent a link first",
    body: notices.notificationsPatch,
    answer: { shape: "Notifications" },
  },
];
