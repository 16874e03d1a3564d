import type { DatabaseSync } from "node:sqlite";
import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import { transaction } from "../database.ts";
import { ROOT_N, type DriveStore } from "../drives/store.ts";
import { businessIds, digest, guidOf, migratedIds, personalIds, type ItemIds } from "./ids.ts";

export const PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad";
export const WORK_TENANT = "5f0c1e62-7a3b-4d0e-9c55-0d6a1b7e4c21";
const PERSONAL_DOMAIN = "outlook.example";
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}@(?<domain>contoso\.example|outlook\.example)$/;

/**
 * `business`: a work account. `personal`: a Microsoft account with ids of the old form. `migrated`: one whose drive was moved to
 * SharePoint; accounts with names like `migrated…@outlook.example` are.
 */
type DriveForm = "business" | "personal" | "migrated";

export type Account = {
  no: number;
  name: string;
  form: DriveForm;
  displayName: string;
  tenant: string;
  oid: string;
  driveId: string;
  /** Sixteen hex digits, of personal accounts only. */
  cid: string;
  created: number;
  ids: ItemIds;
};

/** What of an account moves. */
type AccountState = { grantGeneration: number; epoch: string; seq: number; nextN: number; folder: string | null };

export type Accounts = {
  /** The account of this name; one of the two domains' is made, with an empty drive, when first named. */
  named: (name: string) => Account | undefined;
  numbered: (no: number) => Account | undefined;
  byDriveId: (id: string) => Account | undefined;
  all: () => Account[];
  state: (account: Account) => AccountState;
  /** Ends every grant given so far. */
  revoke: (account: Account) => void;
  /** Makes every delta token given so far worthless. */
  newEpoch: (account: Account) => void;
  /** The next `count` item numbers; the first one is returned. */
  takeNumbers: (account: Account, count: number) => number;
  /** The next `count` places of the change log; the first one is returned. */
  takeSeqs: (account: Account, count: number) => number;
  setFolder: (account: Account, folder: string | null) => void;
  /** To be called when the database was cleared. */
  forget: () => void;
};

export function createAccounts(db: DatabaseSync, drives: DriveStore, now: Clock, onCreated: (account: Account) => void): Accounts {
  const byNo = new Map<number, Account>();
  const remember = (row: Record<string, unknown>): Account => {
    const account = byNo.get(Number(row["no"])) ?? describe(Number(row["no"]), String(row["name"]), Number(row["created"]));
    byNo.set(account.no, account);
    return account;
  };
  const selectAll = db.prepare("SELECT no, name, created FROM accounts ORDER BY no");
  const selectName = db.prepare("SELECT no, name, created FROM accounts WHERE name = ?");
  const selectDrive = db.prepare("SELECT no, name, created FROM accounts WHERE drive_id = ?");
  const selectNo = db.prepare("SELECT no, name, created FROM accounts WHERE no = ?");
  const insert = db.prepare("INSERT INTO accounts (name, drive_id, created, epoch) VALUES (?, ?, ?, ?)");
  const selectState = db.prepare(
    "SELECT grant_generation AS grantGeneration, epoch, seq, next_n AS nextN, folder FROM accounts WHERE no = ?",
  );
  const revoke = db.prepare("UPDATE accounts SET grant_generation = grant_generation + 1 WHERE no = ?");
  const setEpoch = db.prepare("UPDATE accounts SET epoch = ? WHERE no = ?");
  const addNumbers = db.prepare("UPDATE accounts SET next_n = next_n + ?1 WHERE no = ?2 RETURNING next_n - ?1 AS first");
  const addSeqs = db.prepare("UPDATE accounts SET seq = seq + ?1 WHERE no = ?2 RETURNING seq - ?1 + 1 AS first");
  const setFolder = db.prepare("UPDATE accounts SET folder = ? WHERE no = ?");

  const accounts: Accounts = {
    named: (given) => {
      const name = given.trim().toLowerCase();
      const row = selectName.get(name);
      if (row !== undefined) return remember(row);
      if (!NAME.test(name)) return undefined;
      return transaction(db, () => {
        const created = now();
        const { lastInsertRowid } = insert.run(name, describe(0, name, created).driveId, created, randomUUID());
        const account = remember({ no: Number(lastInsertRowid), name, created });
        createRoot(accounts, drives, account, created);
        onCreated(account);
        return account;
      });
    },
    numbered: (no) => byNo.get(no) ?? optional(selectNo.get(no), remember),
    byDriveId: (id) => optional(selectDrive.get(id) ?? selectDrive.get(personalDriveId(id)), remember),
    all: () => selectAll.all().map(remember),
    state: (account) => selectState.get(account.no) as unknown as AccountState,
    revoke: (account) => void revoke.run(account.no),
    newEpoch: (account) => void setEpoch.run(randomUUID(), account.no),
    takeNumbers: (account, count) => Number(addNumbers.get(count, account.no)?.["first"]),
    takeSeqs: (account, count) => Number(addSeqs.get(count, account.no)?.["first"]),
    setFolder: (account, folder) => void setFolder.run(folder, account.no),
    forget: () => byNo.clear(),
  };
  return accounts;
}

/** Puts the root into an empty drive. Its number is always the same, so that its id is. */
export function createRoot(accounts: Accounts, drives: DriveStore, account: Account, now: number): void {
  if (accounts.state(account).nextN === ROOT_N) accounts.takeNumbers(account, 1);
  const root = { n: ROOT_N, parent: null, name: "root", folder: true, size: 0, created: now, modified: now, source: null, seed: null };
  drives.insert(account.no, root, now, accounts.takeSeqs(account, 1));
}

// Microsoft drops a personal drive id's leading zero at times, and changes its case.
function personalDriveId(id: string): string {
  return id.toLowerCase().padStart(16, "0");
}

function describe(no: number, name: string, created: number): Account {
  const local = name.slice(0, name.indexOf("@"));
  const form = name.endsWith(`@${PERSONAL_DOMAIN}`) ? (local.startsWith("migrated") ? "migrated" : "personal") : "business";
  const bytes = digest(`drive of ${name}`);
  const cid = `0${bytes.toString("hex").slice(0, 15)}`;
  const given = local.split(/[._-]+/).filter((part) => part !== "");
  const displayName = given.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join(" ");
  const common = { no, name, form, created } as const;
  if (form === "business") {
    const driveId = `b!${Buffer.concat([bytes, digest(`more of ${name}`)])
      .subarray(0, 48)
      .toString("base64url")}`;
    const ids = businessIds(name);
    return {
      ...common,
      form,
      displayName: given.length === 1 ? `${displayName} Contoso` : displayName,
      tenant: WORK_TENANT,
      oid: guidOf(`oid ${name}`),
      driveId,
      cid,
      ids,
    };
  }
  const oid = `00000000-0000-0000-${cid.slice(0, 4)}-${cid.slice(4)}`;
  const ids = form === "personal" ? personalIds(cid) : migratedIds(cid);
  return { ...common, form, displayName, tenant: PERSONAL_TENANT, oid, driveId: cid, cid, ids };
}

function optional<A, B>(value: A | undefined, map: (value: A) => B): B | undefined {
  return value === undefined ? undefined : map(value);
}
