// The one crossing to the Worker: types only, emitted from its source (`tsconfig.api.json`); nothing of it is bundled.
import type { z } from "zod";
import type * as wire from "../../.api-types/worker/wire.ts";
import type * as notificationsWire from "../../.api-types/worker/wire/notifications.ts";
import type * as webhooksWire from "../../.api-types/worker/wire/webhooks.ts";
import type { BrowsePage, Provider } from "../../.api-types/worker/wire.ts";
import type { AdminUserDetail } from "../../.api-types/worker/wire/admin.ts";

export type { AuditEvent, Identity } from "../../.api-types/worker/wire/account.ts";
export type { FailureKind } from "../../.api-types/worker/sync/retry.ts";
export type { Operator } from "../../.api-types/worker/wire/operator.ts";
export type { SkipReason } from "../../.api-types/worker/providers/provider.ts";
export type { SelectedEntry } from "../../.api-types/worker/wire/selected.ts";
export type { BulkOutcome } from "../../.api-types/worker/wire/bulk.ts";
export type {
  BrowsePage,
  Change,
  Connection,
  ConnectionTest,
  Dashboard,
  HeldFolder,
  Item,
  LiveEvent,
  Me,
  NewToken,
  Preview,
  Provider,
  Run,
  RunEvent,
  SignedReceipt,
  Sync,
  SyncStatus,
  Token,
} from "../../.api-types/worker/wire.ts";

export type { MailKind } from "../../.api-types/worker/wire/notifications.ts";
export type { Delivery, EventType, Webhook } from "../../.api-types/worker/wire/webhooks.ts";

export type { AdminUser, AdminUserDetail, DeadLetter } from "../../.api-types/worker/wire/admin.ts";

export type AdminSync = AdminUserDetail["syncs"][number];
export type ItemState = z.infer<typeof wire.itemState>;
export type Schedule = z.infer<typeof wire.schedule>;
export type ConnectionCreate = z.input<typeof wire.connectionCreate>;
export type TokenCreate = z.input<typeof wire.tokenCreate>;
export type SyncCreate = z.input<typeof wire.syncCreate>;
export type SyncPatch = z.input<typeof wire.syncPatch>;
export type NotificationsPatch = z.input<typeof notificationsWire.notificationsPatch>;
export type WebhookCreate = z.input<typeof webhooksWire.webhookCreate>;
export type WebhookPatch = z.input<typeof webhooksWire.webhookPatch>;
export type Filters = z.infer<typeof wire.filters>;
export type PreviewRequest = z.input<typeof wire.previewRequest>;
export type SelectionEntry = NonNullable<SyncCreate["selection"]>[number];
export type BrowseEntry = BrowsePage["items"][number];
export type AuthMethod = Provider["methods"][number];
export type FormField = AuthMethod["fields"][number];
export type ErrorBody = z.infer<typeof wire.errorBody>;

export interface Page<T> {
  items: T[];
  cursor: string | null;
}
