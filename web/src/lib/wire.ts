// The one crossing to the Worker: types only, nothing of it is bundled.
import type { z } from "zod";
import type * as wire from "../../../worker/routes/wire.ts";

export type { FailureKind } from "../../../worker/sync/retry.ts";
export type { SkipReason } from "../../../worker/providers/provider.ts";
export type {
  Connection,
  ConnectionTest,
  Dashboard,
  Item,
  LiveEvent,
  Me,
  Run,
  RunEvent,
  Sync,
  SyncPatch,
  SyncStatus,
} from "../../../worker/routes/wire.ts";

export type ItemState = z.infer<typeof wire.itemState>;
export type Schedule = z.infer<typeof wire.schedule>;
export type Status = z.infer<typeof wire.status>;
export type ErrorBody = z.infer<typeof wire.errorBody>;

export interface Page<T> {
  items: T[];
  cursor: string | null;
}
