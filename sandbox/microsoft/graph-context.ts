import type { DriveTools } from "../drives/drive.ts";
import type { Account } from "./accounts.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Asked } from "../fault-kinds.ts";
import type { Faults } from "./fault-table.ts";
import type { Grant, Grants } from "./grants.ts";
import type { Keys } from "./keys.ts";
import type { Sites } from "./sites.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { Throttle } from "./throttle.ts";

/** What Graph as a whole is made of. */
export type GraphTools = DriveTools<Account> & {
  grants: Grants;
  keys: Keys;
  faults: Faults;
  sites: Sites;
  throttle: Throttle;
  subscriptions: Subscriptions;
};

/** One request to Graph that is known to speak for someone. */
export type GraphCall = { request: VendorRequest; asked: Asked; grant: Grant };

/** One that is about a drive: the caller's own, or a library. */
export type DriveCall = GraphCall & { drive: Account };
