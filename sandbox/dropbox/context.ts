import type { DatabaseSync } from "node:sqlite";
import type { DriveTools } from "../drives/drive.ts";
import type { Asked } from "../fault-kinds.ts";
import type { Codes } from "../oauth/codes.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Account } from "./accounts.ts";
import type { Faults } from "./fault-table.ts";
import type { Grant, Grants } from "./grants.ts";
import type { Namespace } from "./namespaces.ts";

export type DropboxTools = DriveTools<Account> & {
  db: DatabaseSync;
  faults: Faults;
  codes: Codes;
  grants: Grants;
  isCursorBusy: Set<string>;
};

/** One call of the API, let in. */
export type Call = {
  request: VendorRequest;
  asked: Asked;
  grant: Grant;
  route: string;
  argument: Readonly<Record<string, unknown>>;
  namespace: Namespace;
};
