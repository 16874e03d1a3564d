import { accountsOf, type Account as AnyAccount, type AccountBase, type AccountKind, type Accounts as AnyAccounts } from "../accounts.ts";
import type { DriveRules } from "../drives/names.ts";
import { digest, dropboxIds } from "./ids.ts";
import { starterFiles } from "./starter.ts";

export const TEAM_DOMAIN = "dropbox-team.example";
/** Not a person: its drive is what a team shares. */
const TEAM_SPACE = `space@${TEAM_DOMAIN}`;
const TEAM_NAME = "Harbour Team";
const NAME_CHARACTERS_MAX = 255;

export type Account = AnyAccount & {
  /** `dbid:` and 35 letters. */
  accountId: string;
  uid: number;
  /** Of the drive, as the account's own files. */
  namespaceId: string;
  team: { id: string; name: string; space: string } | undefined;
};
export type Accounts = AnyAccounts<Account>;

const RULES: DriveRules = {
  product: "Dropbox",
  nameProblem,
  pathLengthMax: Infinity,
  caseSensitive: false,
  namesakes: false,
};

export const ACCOUNT_KINDS: readonly AccountKind<Account>[] = [
  { domain: "dropbox.example", label: "personal", describe: (base) => describe(base, false), rules: RULES, starter: starterFiles },
  { domain: TEAM_DOMAIN, label: "team", describe: (base) => describe(base, true), rules: RULES },
];

export function dropboxAccounts(all: AnyAccounts): Accounts {
  return accountsOf<Account>(all, "dropbox");
}

/** Whether it is a person, and not what a team shares. */
export const isPerson = (account: Account): boolean => account.name !== TEAM_SPACE;

function describe(base: AccountBase, inTeam: boolean): Account {
  const bytes = digest(`account ${base.name}`);
  const namespaceId = String(1_000_000_000 + bytes.readUInt32BE(8));
  return {
    ...base,
    driveId: namespaceId,
    ids: dropboxIds(base.name),
    accountId: `dbid:AA${digest(`dbid ${base.name}`).toString("base64url").slice(0, 33)}`,
    uid: 1_000_000 + (bytes.readUInt32BE(0) % 1_000_000_000),
    namespaceId,
    team: inTeam
      ? { id: `dbtid:AA${digest(TEAM_NAME).toString("base64url").slice(0, 33)}`, name: TEAM_NAME, space: TEAM_SPACE }
      : undefined,
  };
}

function nameProblem(name: string): string | undefined {
  if (name === "" || name === "." || name === "..") return "no usable name";
  if (/[/\\]/.test(name)) return "a slash in its name";
  return name.length > NAME_CHARACTERS_MAX ? `more than ${NAME_CHARACTERS_MAX} characters in its name` : undefined;
}
