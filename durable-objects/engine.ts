import type { Logger } from "../worker/log.ts";
import type { Database } from "../worker/db/client.ts";
import type { ItemScope } from "../worker/db/items.ts";
import type { ProviderOptions } from "../worker/providers/options.ts";
import type { Provider } from "../worker/providers/provider.ts";
import type { SeenIds } from "../worker/sync/seen.ts";
import type { Credentials } from "./credentials.ts";
import type { Gates } from "./gates.ts";
import type { Live } from "./live.ts";
import type { Lock } from "./lock.ts";
import type { Notices } from "./notices.ts";
import type { Quotas } from "./quota.ts";
import type { UserSyncStore } from "./user-sync-store.ts";

/** What the parts of a user's object share. */
export interface Engine {
  env: Env;
  userId: string;
  store: UserSyncStore;
  db(): Database;
  credentials: Credentials;
  gates: Gates;
  live: Live;
  /** Held by each step of the alarm, and by calls that change what is stored of items. */
  catalogueLock: Lock;
  quotas: Quotas;
  /** What programs and people are told. */
  notices: Notices;
  /** Runs whose end is being written: they can no longer be cancelled. */
  ending: Set<string>;
  log: Logger;
  now(): number;
  /** 0 to 1. */
  random(): number;
  /** The provider of a connection. `onRequest` is called once per request sent; `options` are a sync's, for it alone. */
  provider(connectionId: string, use?: { onRequest?: () => void; options?: ProviderOptions }): Provider;
  /** The share of noted ids that a sweep is at: kept between its steps, since it is long to load. */
  sweep: { key: string; seen: SeenIds } | null;
  /** Ids of the syncs that calls of this very instance are making. */
  making: Set<string>;
  /** Deletes all that the object has; what is left is as new. */
  wipe(): Promise<void>;
  /** Has the alarm go off no later than this. */
  wakeBy(at: number): Promise<void>;
}

export function scopeOf(engine: Engine, syncId: string): ItemScope {
  return { userId: engine.userId, syncId };
}
