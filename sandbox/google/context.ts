import type { DriveTools } from "../drives/drive.ts";
import type { Asked } from "../fault-kinds.ts";
import type { Codes } from "../oauth/codes.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Access } from "./access.ts";
import type { Account } from "./accounts.ts";
import type { Channels } from "./channels.ts";
import type { Faults } from "./fault-table.ts";
import type { Grant, Grants, Keys } from "./grants.ts";
import type { Md5 } from "./md5.ts";
import type { Quota } from "./quota.ts";

/** What Google as a whole is made of. */
export type GoogleTools = DriveTools<Account> & {
  grants: Grants;
  keys: Keys;
  codes: Codes;
  faults: Faults;
  access: Access;
  channels: Channels;
  quota: Quota;
  md5: Md5;
};

/** One request to the API that is known to speak for someone. */
export type DriveCall = { request: VendorRequest; asked: Asked; grant: Grant };
