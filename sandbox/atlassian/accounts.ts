import { createHash } from "node:crypto";
import { accountsOf, type Account as AnyAccount, type AccountBase, type AccountKind, type Accounts as AnyAccounts } from "../accounts.ts";
import type { DriveRules } from "../drives/names.ts";

const DOMAIN = "atlassian.example";

export const FIRST_ACCOUNTS = [`mia@${DOMAIN}`, `leo@${DOMAIN}`];

export type Account = AnyAccount & {
  /** The person's id, the same at every site. */
  accountId: string;
  /** The first label of the host of the site that is the person's own. */
  siteKey: string;
};
export type Accounts = AnyAccounts<Account>;

// Products keep what people write in tables of their own: nobody has a drive.
const RULES: DriveRules = {
  product: "Atlassian",
  nameProblem: () => "a place in a drive, and people have none at Atlassian",
  pathLengthMax: Infinity,
  caseSensitive: true,
  namesakes: false,
};

export const ACCOUNT_KINDS: readonly AccountKind<Account>[] = [{ domain: DOMAIN, label: "person", describe, rules: RULES }];

export const atlassianAccounts = (all: AnyAccounts): Accounts => accountsOf<Account>(all, "atlassian");

function describe(base: AccountBase): Account {
  return {
    ...base,
    driveId: `atlassian ${base.name}`,
    ids: { id: String, parse: (id) => (/^\d+$/.test(id) ? Number(id) : undefined) },
    accountId: `712020:${uuidOf(`account ${base.name}`)}`,
    siteKey: base.name.slice(0, base.name.indexOf("@")).replaceAll(/[._]/g, "-"),
  };
}

/** The same for the same text. */
export function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}
