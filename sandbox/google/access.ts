import { DriveError, type DriveTools } from "../drives/drive.ts";
import { ROOT_N, type Item } from "../drives/store.ts";
import { WORKSPACE_DOMAIN, type Account } from "./accounts.ts";
import { COMPANY_DRIVES, FIRST_SERVICE_ACCOUNT } from "./starter.ts";

/** An item, and the drive that it is in. */
export type Located = { drive: Account; item: Item };

/** Who may see what. */
export type Access = {
  /** The shared drives that someone is a member of. */
  sharedDrives: (account: Account) => Account[];
  isMember: (account: Account, drive: Account) => boolean;
  /** Other people's drives of which something is, or was, shared with this account. */
  sharers: (account: Account) => Account[];
  /** Whether this very item was shared with the account; `ended`: it no longer is. */
  share: (account: Account, located: Located) => "shared" | "ended" | undefined;
  /** Whether the account sees this item of somebody's drive. */
  sees: (account: Account, located: Located) => boolean;
  /** Whether anybody but the owner sees it. */
  isShared: (located: Located) => boolean;
  /** Deleted for good, not just trashed. */
  isPurged: (located: Located) => boolean;
  /** The item of this id in any drive that the account sees; trashed ones too. */
  find: (account: Account, id: string) => Located | undefined;
  mayActFor: (serviceAccount: Account, person: Account) => boolean;
  setMember: (drive: Account, account: Account, member: boolean) => void;
  setShare: (drive: Account, item: Item, account: Account, shared: boolean) => void;
  setDelegation: (serviceAccount: Account) => void;
  purge: (located: Located) => void;
};

export function createAccess(tools: DriveTools<Account>): Access {
  const { db, drives, accounts } = tools;
  const members = db.prepare("SELECT drive FROM google_members WHERE account = ? ORDER BY drive");
  const shares = db.prepare("SELECT DISTINCT drive FROM google_shares WHERE account = ?");
  const share = db.prepare("SELECT ended FROM google_shares WHERE account = ? AND drive = ? AND n = ?");
  const sharedItems = db.prepare("SELECT DISTINCT n FROM google_shares WHERE drive = ? AND ended = 0");
  const purged = db.prepare("SELECT 1 FROM google_purged WHERE drive = ? AND n IN (?, ?)");
  const delegated = db.prepare("SELECT 1 FROM google_delegations WHERE service_account = ?");

  const path = ({ drive, item }: Located): number[] => [item.n, ...drives.ancestors(drive.no, item).map(({ n }) => n)];
  const access: Access = {
    sharedDrives: (account) => {
      const everybodys = account.domain === WORKSPACE_DOMAIN ? COMPANY_DRIVES.flatMap((name) => accounts.named(name) ?? []) : [];
      const own = members.all(account.no).flatMap((row) => accounts.numbered(Number(row["drive"])) ?? []);
      return [...new Map([...everybodys, ...own].map((drive) => [drive.no, drive])).values()];
    },
    isMember: (account, drive) => access.sharedDrives(account).some(({ no }) => no === drive.no),
    sharers: (account) => shares.all(account.no).flatMap((row) => accounts.numbered(Number(row["drive"])) ?? []),
    share: (account, { drive, item }) => {
      const row = share.get(account.no, drive.no, item.n);
      return row === undefined ? undefined : row["ended"] === 0 ? "shared" : "ended";
    },
    sees: (account, located) => {
      const { drive } = located;
      if (drive.no === account.no) return true;
      if (drive.form === "shared_drive") return access.isMember(account, drive);
      return path(located).some((n) => share.get(account.no, drive.no, n)?.["ended"] === 0);
    },
    isShared: (located) => {
      if (located.drive.form === "shared_drive") return true;
      const shared = new Set(sharedItems.all(located.drive.no).map((row) => Number(row["n"])));
      return shared.size > 0 && path(located).some((n) => shared.has(n));
    },
    isPurged: ({ drive, item }) => purged.get(drive.no, item.n, item.deletedBy ?? item.n) !== undefined,
    find: (account, id) => {
      if (id === "root") return locate(account, ROOT_N);
      for (const drive of [account, ...access.sharedDrives(account), ...access.sharers(account)]) {
        const n = drive.ids.parse(id);
        const located = n === undefined ? undefined : locate(drive, n);
        if (located !== undefined && access.sees(account, located) && !access.isPurged(located)) return located;
      }
      return undefined;
    },
    mayActFor: (serviceAccount, person) =>
      person.domain === WORKSPACE_DOMAIN &&
      (serviceAccount.name === FIRST_SERVICE_ACCOUNT || delegated.get(serviceAccount.no) !== undefined),
    setMember: (drive, account, member) => {
      if (drive.form !== "shared_drive") throw new DriveError(400, `${drive.name} is no shared drive.`);
      const sql = member
        ? "INSERT OR IGNORE INTO google_members (drive, account) VALUES (?, ?)"
        : "DELETE FROM google_members WHERE drive = ? AND account = ?";
      db.prepare(sql).run(drive.no, account.no);
    },
    setShare: (drive, item, account, shared) => {
      db.prepare(
        "INSERT INTO google_shares (drive, n, account, ended) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET ended = excluded.ended",
      ).run(drive.no, item.n, account.no, shared ? 0 : 1);
      touch(drive, item);
    },
    setDelegation: (serviceAccount) => {
      db.prepare("INSERT OR IGNORE INTO google_delegations (service_account) VALUES (?)").run(serviceAccount.no);
    },
    purge: ({ drive, item }) => {
      db.prepare("INSERT OR IGNORE INTO google_purged (drive, n) VALUES (?, ?)").run(drive.no, item.n);
      touch(drive, item);
    },
  };
  return access;

  function locate(drive: Account, n: number): Located | undefined {
    const item = drives.item(drive.no, n);
    return item && { drive, item };
  }

  // A change of the item that is none of its name, place or content.
  function touch(drive: Account, item: Item): void {
    drives.setDeleted(drive.no, item.n, item.deletedBy, tools.now(), accounts.takeSeqs(drive, 1));
  }
}
