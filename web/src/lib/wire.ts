// The one crossing to the Worker: types only, emitted from its source (`tsconfig.api.json`); nothing of it is bundled.
import type { z } from "zod";
import type * as wire from "../../.api-types/worker/wire.ts";
import type { BrowsePage, Provider } from "../../.api-types/worker/wire.ts";

export type { FailureKind } from "../../.api-types/worker/sync/retry.ts";
export type { SkipReason } from "../../.api-types/worker/providers/provider.ts";
export type {
  BrowsePage,
  Connection,
  ConnectionTest,
  HeldFolder,
  Item,
  LiveEvent,
  Me,
  Provider,
  Run,
  RunEvent,
  Sync,
  SyncPatch,
  SyncStatus,
} from "../../.api-types/worker/wire.ts";

export type ItemState = z.infer<typeof wire.itemState>;
export type Schedule = z.infer<typeof wire.schedule>;
export type ConnectionCreate = z.input<typeof wire.connectionCreate>;
export type SyncCreate = z.input<typeof wire.syncCreate>;
export type SelectionEntry = NonNullable<SyncCreate["selection"]>[number];
export type BrowseEntry = BrowsePage["items"][number];
export type AuthMethod = Provider["methods"][number];
export type FormField = AuthMethod["fields"][number];
export type ErrorBody = z.infer<typeof wire.errorBody>;

export interface Page<T> {
  items: T[];
  cursor: string | null;
}
