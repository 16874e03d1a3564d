import type { DatabaseSync } from "node:sqlite";
import { randomUUID } from "node:crypto";
import type { Clock } from "./clock.ts";
import { transaction } from "./database.ts";
import type { StarterFile } from "./drives/starter-files.ts";
import { ROOT_N, type DriveStore } from "./drives/store.ts";
import type { DriveRules } from "./drives/names.ts";

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}@([a-z0-9-]+\.example)$/;

/** How the items of one drive are named to the outside, and back. */
export type ItemIds = {
  id: (n: number) => string;
  /** The item's number, or undefined where the id is not one of this drive's. */
  parse: (id: string) => number | undefined;
};

/** Someone at a vendor; named by an address whose domain says at which one. A vendor's own fields come on top. */
export type Account = {
  no: number;
  name: string;
  displayName: string;
  /** The vendor's name. */
  vendor: string;
  created: number;
  /** The vendor's name for the drive; no two accounts have the same. */
  driveId: string;
  ids: ItemIds;
};

/** What is known of an account before its vendor has described it. */
export type AccountBase = Pick<Account, "no" | "name" | "displayName" | "vendor" | "created">;

/** The accounts of one domain. */
export type AccountKind<A extends Account = Account> = {
  domain: string;
  /** A word on the sandbox's page: "work". */
  label: string;
  /** Everything about an account follows from its base, the same each time: only the base is stored. */
  describe: (base: AccountBase) => A;
  rules: DriveRules;
  /** What an account's drive begins with; none where nothing is said. */
  starter?: (name: string) => readonly StarterFile[];
};

/** What of an account moves. */
type AccountState = { grantGeneration: number; epoch: string; seq: number; nextN: number; folder: string | null };

export type Accounts<A extends Account = Account> = {
  /** The account of this name; one of a known domain is made, with its drive, when first named. */
  named: (name: string) => A | undefined;
  numbered: (no: number) => A | undefined;
  byDriveId: (id: string) => A | undefined;
  all: () => A[];
  /** The kind that an account of this name is or would be of. */
  kindOf: (name: string) => (AccountKind & { vendor: string }) | undefined;
  rules: (account: Account) => DriveRules;
  state: (account: Account) => AccountState;
  /** Ends every grant given so far. */
  revoke: (account: Account) => void;
  /** Makes every cursor given so far worthless. */
  newEpoch: (account: Account) => void;
  /** The next `count` item numbers; the first one is returned. */
  takeNumbers: (account: Account, count: number) => number;
  /** The next `count` places of the change log; the first one is returned. */
  takeSeqs: (account: Account, count: number) => number;
  setFolder: (account: Account, folder: string | null) => void;
  /** To be called when the database was cleared. */
  forget: () => void;
};

type AccountTools = {
  db: DatabaseSync;
  drives: DriveStore;
  now: Clock;
  vendors: readonly { name: string; accountKinds: readonly AccountKind[] }[];
};

/** All vendors' accounts. */
export function createAccounts({ db, drives, now, vendors }: AccountTools, onCreated: (account: Account) => void): Accounts {
  const kinds = new Map(vendors.flatMap((vendor) => vendor.accountKinds.map((kind) => [kind.domain, { ...kind, vendor: vendor.name }])));
  const byNo = new Map<number, Account>();
  const kindOf = (name: string): (AccountKind & { vendor: string }) | undefined => kinds.get(NAME.exec(normal(name))?.[1] ?? "");
  const described = (no: number, name: string, created: number): Account | undefined => {
    const kind = kindOf(name);
    return kind?.describe({ no, name, displayName: displayNameOf(name), vendor: kind.vendor, created });
  };
  const remember = (row: Record<string, unknown>): Account | undefined => {
    const no = Number(row["no"]);
    const account = byNo.get(no) ?? described(no, String(row["name"]), Number(row["created"]));
    if (account !== undefined) byNo.set(no, account);
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

  const create = (name: string): Account | undefined => {
    const created = now();
    const planned = described(0, name, created);
    if (planned === undefined) return undefined;
    return transaction(db, () => {
      const { lastInsertRowid } = insert.run(name, planned.driveId, created, randomUUID());
      const account = { ...planned, no: Number(lastInsertRowid) };
      byNo.set(account.no, account);
      createRoot(accounts, drives, account, created);
      onCreated(account);
      return account;
    });
  };
  const accounts: Accounts = {
    named: (given) => {
      const name = normal(given);
      const row = selectName.get(name);
      return row === undefined ? create(name) : remember(row);
    },
    numbered: (no) => byNo.get(no) ?? optional(selectNo.get(no), remember),
    byDriveId: (id) => optional(selectDrive.get(id), remember),
    all: () => selectAll.all().flatMap((row) => remember(row) ?? []),
    kindOf,
    rules: (account) => {
      const kind = kindOf(account.name);
      if (kind === undefined) throw new Error(`No vendor has accounts like ${account.name}.`);
      return kind.rules;
    },
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

/** One vendor's accounts, with the fields that its kinds describe. Another vendor's are not there, and are not made by being named. */
export function accountsOf<A extends Account>(accounts: Accounts, vendor: string): Accounts<A> {
  const own = (account: Account | undefined): A | undefined => (account?.vendor === vendor ? (account as A) : undefined);
  return {
    ...accounts,
    named: (name) => (accounts.kindOf(name)?.vendor === vendor ? own(accounts.named(name)) : undefined),
    numbered: (no) => own(accounts.numbered(no)),
    byDriveId: (id) => own(accounts.byDriveId(id)),
    all: () => accounts.all().flatMap((account) => own(account) ?? []),
  };
}

/** Puts the root into an empty drive. Its number is always the same, so that its id is. */
export function createRoot(accounts: Accounts, drives: DriveStore, account: Account, now: number): void {
  if (accounts.state(account).nextN === ROOT_N) accounts.takeNumbers(account, 1);
  const root = { n: ROOT_N, parent: null, name: "root", folder: true, size: 0, created: now, modified: now, source: null, seed: null };
  drives.insert(account.no, root, now, accounts.takeSeqs(account, 1));
}

const normal = (name: string): string => name.trim().toLowerCase();

function displayNameOf(name: string): string {
  const given = name
    .slice(0, name.indexOf("@"))
    .split(/[._-]+/)
    .filter((part) => part !== "");
  return given.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join(" ");
}

function optional<A, B>(value: A | undefined, map: (value: A) => B): B | undefined {
  return value === undefined ? undefined : map(value);
}
