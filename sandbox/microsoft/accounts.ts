import { accountsOf, type Account as AnyAccount, type AccountBase, type AccountKind, type Accounts as AnyAccounts } from "../accounts.ts";
import { businessIds, digest, guidOf, migratedIds, personalIds, type ItemIds } from "./ids.ts";
import { ONEDRIVE_RULES } from "./names.ts";
import { libraryFiles, starterFiles } from "./starter.ts";

export const PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad";
export const WORK_TENANT = "5f0c1e62-7a3b-4d0e-9c55-0d6a1b7e4c21";

/** Libraries are named `site.library@` this: `marketing.documents@contoso-sites.example`. */
export const LIBRARIES_DOMAIN = "contoso-sites.example";

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
  /** Of a document library only, which is nobody who could sign in. */
  library?: Library;
};
/** Where a library is: its site's name in addresses, and its own. */
type Library = { site: string; list: string };
export type Accounts = AnyAccounts<Account>;

export const ACCOUNT_KINDS: readonly AccountKind<Account>[] = [
  { domain: "contoso.example", label: "work", describe: describeWork, rules: ONEDRIVE_RULES, starter: starterFiles },
  { domain: "outlook.example", label: "personal", describe: describePersonal, rules: ONEDRIVE_RULES, starter: starterFiles },
  { domain: LIBRARIES_DOMAIN, label: "SharePoint library", describe: describeLibrary, rules: ONEDRIVE_RULES, starter: libraryFiles },
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

/** Its drive's id is made of the ids of its site, of that site's web and of its list. */
function describeLibrary(base: AccountBase): Account {
  const local = base.name.slice(0, base.name.indexOf("@"));
  const [site = "", ...list] = local.split(".");
  const library = { site, list: list.join(".") || "documents" };
  const ids = [`collection of ${site}`, `web of ${site}`, `list ${base.name}`].map((text) => digest(text).subarray(0, 16));
  return {
    ...base,
    form: "business",
    displayName: library.list.replaceAll(/(?<=^|-)./g, (letter) => letter.toUpperCase()).replaceAll("-", " "),
    tenant: WORK_TENANT,
    oid: guidOf(`list ${base.name}`),
    driveId: `b!${Buffer.concat(ids).toString("base64url")}`,
    cid: cidOf(base.name),
    ids: businessIds(base.name),
    library,
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
