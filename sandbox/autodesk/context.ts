import type { DriveTools } from "../drives/drive.ts";
import type { Item } from "../drives/store.ts";
import type { Meta } from "../database.ts";
import type { Asked } from "../fault-kinds.ts";
import type { Codes } from "../oauth/codes.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Access } from "./access.ts";
import type { Account } from "./accounts.ts";
import type { Faults } from "./fault-table.ts";
import type { Grant, Grants } from "./grants.ts";
import type { Hooks } from "./hooks.ts";
import type { Objects } from "./objects.ts";
import type { Rollups } from "./rollups.ts";

/** What Autodesk as a whole is made of. */
export type AutodeskTools = DriveTools<Account> & {
  meta: Meta;
  grants: Grants;
  codes: Codes;
  faults: Faults;
  access: Access;
  rollups: Rollups;
  objects: Objects;
  hooks: Hooks;
};

/** One request to an API that is known to speak for someone. */
export type Call = { request: VendorRequest; asked: Asked; grant: Grant };

/** An item, and the project that it is in. */
export type Located = { project: Account; item: Item };
