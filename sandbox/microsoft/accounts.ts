import { accountsOf, type Account as AnyAccount, type AccountBase, type AccountKind, type Accounts as AnyAccounts } from "../accounts.ts";
import { businessIds, digest, guidOf, migratedIds, personalIds, type ItemIds } from "./ids.ts";
import { ONEDRIVE_RULES } from "./names.ts";
import { starterFiles } from "./starter.ts";

export const PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad";
export const WORK_TENANT = "5f0c1e62-7a3b-4d0e-9c55-0d6a1b7e4c21";

/**
 * `business`: a work account. `personal`: a Microsoft account with ids of the old form. `migrated`: one whose drive was moved to
 * SharePoint; accounts with names like `migrated…@outlook.example` are.
 */
type DriveForm = "business" | "personal" | "migrated";

export type Account = AnyAccount & {
  form: DriveForm;
  tenant: string;
  oid: string;
  /** Sixteen hex digits, of personal accounts only. */
  cid: string;
  ids: ItemIds;
};
export type Accounts = AnyAccounts<Account>;

export const ACCOUNT_KINDS: readonly AccountKind<Account>[] = [
  { domain: "contoso.example", label: "work", describe: describeWork, rules: ONEDRIVE_RULES, starter: starterFiles },
  { domain: "outlook.example", label: "personal", describe: describePersonal, rules: ONEDRIVE_RULES, starter: starterFiles },
];

/** Microsoft's own accounts among all. */
export function microsoftAccounts(all: AnyAccounts): Accounts {
  const accounts = accountsOf<Account>(all, "microsoft");
  return { ...accounts, byDriveId: (id) => accounts.byDriveId(id) ?? accounts.byDriveId(personalDriveId(id)) };
}

// Microsoft drops a personal drive id's leading zero at times, and changes its case.
function personalDriveId(id: string): string {
  return id.toLowerCase().padStart(16, "0");
}

function describeWork(base: AccountBase): Account {
  const { name, displayName } = base;
  const driveId = `b!${Buffer.concat([digest(`drive of ${name}`), digest(`more of ${name}`)])
    .subarray(0, 48)
    .toString("base64url")}`;
  return {
    ...base,
    form: "business",
    displayName: displayName.includes(" ") ? displayName : `${displayName} Contoso`,
    tenant: WORK_TENANT,
    oid: guidOf(`oid ${name}`),
    driveId,
    cid: cidOf(name),
    ids: businessIds(name),
  };
}

function describePersonal(base: AccountBase): Account {
  const cid = cidOf(base.name);
  const form = base.name.startsWith("migrated") ? "migrated" : "personal";
  const oid = `00000000-0000-0000-${cid.slice(0, 4)}-${cid.slice(4)}`;
  const ids = form === "personal" ? personalIds(cid) : migratedIds(cid);
  return { ...base, form, tenant: PERSONAL_TENANT, oid, driveId: cid, cid, ids };
}

const cidOf = (name: string): string => `0${digest(`drive of ${name}`).toString("hex").slice(0, 15)}`;
