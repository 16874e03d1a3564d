import { DriveError, type DriveTools } from "../drives/drive.ts";
import { ROOT_N, type Item } from "../drives/store.ts";
import type { Account, Hub } from "./accounts.ts";
import { FIRST_MEMBERS } from "./starter.ts";

/** A project that somebody may see: all of it, or one of its folders and what is below. */
export type Membership = { project: Account; folder: number | null };

/** Who may see what. */
export type Access = {
  memberships: (account: Account) => Membership[];
  hubs: (account: Account) => Hub[];
  membership: (account: Account, projectId: string) => Membership | undefined;
  /** Whether this item is shown to them. */
  sees: (membership: Membership, item: Item) => boolean;
  /** `folder`: what they see alone; null where they see all. */
  setMember: (project: Account, account: Account, folder: Item | null) => void;
  removeMember: (project: Account, account: Account) => void;
};

export function createAccess({ db, drives, accounts }: DriveTools<Account>): Access {
  const rows = db.prepare("SELECT project, folder FROM autodesk_members WHERE account = ? ORDER BY project");
  const put = db.prepare(
    "INSERT INTO autodesk_members (project, account, folder) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET folder = excluded.folder",
  );
  const first = (account: Account): Membership[] =>
    FIRST_MEMBERS.flatMap(([project, member]) => {
      const found = member === account.name ? accounts.named(project) : undefined;
      return found === undefined ? [] : [{ project: found, folder: null }];
    });
  const access: Access = {
    memberships: (account) => {
      const own: Membership[] = account.form === "person" ? [{ project: account, folder: null }] : [];
      const others = rows.all(account.no).flatMap((row): Membership[] => {
        const project = accounts.numbered(Number(row["project"]));
        return project === undefined ? [] : [{ project, folder: row["folder"] as number | null }];
      });
      return [...new Map([...own, ...first(account), ...others].map((each) => [each.project.no, each])).values()].filter(
        ({ folder }) => folder !== GONE,
      );
    },
    hubs: (account) => [...new Map(access.memberships(account).map(({ project: { hub } }) => [hub.id, hub])).values()],
    membership: (account, projectId) => access.memberships(account).find(({ project }) => project.driveId === projectId),
    sees: ({ project, folder }, item) =>
      folder === null || item.n === folder || drives.ancestors(project.no, item).some(({ n }) => n === folder),
    setMember: (project, account, folder) => {
      if (folder?.folder === false) throw new DriveError(400, "A member sees folders.");
      put.run(project.no, account.no, folder === null || folder.n === ROOT_N ? null : folder.n);
    },
    removeMember: (project, account) => void put.run(project.no, account.no, GONE),
  };
  return access;
}

/** In a folder's place: of somebody who was a member and is not any more, also not of those of the beginning. */
const GONE = 0;
