import type { VendorTools } from "../vendor.ts";
import type { Accounts } from "./accounts.ts";
import type { Passwords } from "./passwords.ts";

export type CloudTools = VendorTools & { accounts: Accounts; passwords: Passwords };
