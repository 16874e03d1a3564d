import { createHash } from "node:crypto";
import { accountsOf, type Account as AnyAccount, type AccountBase, type AccountKind, type Accounts as AnyAccounts } from "../accounts.ts";
import type { DriveRules } from "../drives/names.ts";
import { domainOf, NEXTCLOUD_HOST, OWNCLOUD_HOST } from "./hosts.ts";
import { starterFiles } from "./starter.ts";

const NAME_BYTES_MAX = 250;
/** File ids of two people differ by more than their drives have files. */
const IDS_A_DRIVE = 10_000_000;

export type Account = AnyAccount & { userId: string; host: string };
export type Accounts = AnyAccounts<Account>;

export const ACCOUNT_KINDS: readonly AccountKind<Account>[] = [NEXTCLOUD_HOST, OWNCLOUD_HOST].map((host) => ({
  domain: domainOf(host),
  label: host,
  describe: (base) => describe(base, host),
  rules: rulesOf(host === OWNCLOUD_HOST ? "ownCloud" : "Nextcloud"),
  starter: starterFiles,
}));

export const cloudAccounts = (all: AnyAccounts): Accounts => accountsOf<Account>(all, "nextcloud");

/** By the name of a person, or by their address, which both sign in. */
export function accountBySignIn(accounts: Accounts, host: string, name: string): Account | undefined {
  const account = accounts.named(name.includes("@") ? name : `${name}@${domainOf(host)}`);
  return account?.host === host ? account : undefined;
}

function describe(base: AccountBase, host: string): Account {
  const first = (10 + (createHash("sha256").update(base.name).digest().readUInt32BE() % 1_000_000)) * IDS_A_DRIVE;
  return {
    ...base,
    host,
    userId: base.name.slice(0, base.name.indexOf("@")),
    driveId: `files of ${base.name}`,
    ids: {
      id: (n) => String(first + n),
      parse: (id) => {
        const n = Number(id) - first;
        return /^\d+$/.test(id) && n > 0 && n < IDS_A_DRIVE ? n : undefined;
      },
    },
  };
}

function rulesOf(product: string): DriveRules {
  return { product, nameProblem, pathLengthMax: Infinity, caseSensitive: true, namesakes: false };
}

function nameProblem(name: string): string | undefined {
  if (name === "" || name === "." || name === "..") return "a name that means a place";
  if (Buffer.byteLength(name) > NAME_BYTES_MAX) return `a name longer than ${NAME_BYTES_MAX} bytes`;
  if (/[\\/]|\p{Cc}/u.test(name)) return "a slash, a backslash or a control character in its name";
  return undefined;
}
