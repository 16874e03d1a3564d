import { accountsOf, type Account as AnyAccount, type AccountBase, type AccountKind, type Accounts as AnyAccounts } from "../accounts.ts";
import type { DriveRules } from "../drives/names.ts";
import { driveIds, rootIdOf, subjectOf } from "./ids.ts";
import { sharedDriveFiles, starterFiles } from "./starter.ts";

const NAME_LENGTH_MAX = 32_767;

export const PERSON_DOMAIN = "gmail.example";
export const WORKSPACE_DOMAIN = "workspace.example";
export const SHARED_DRIVE_DOMAIN = "shared-drives.example";
export const SERVICE_ACCOUNT_DOMAIN = "service-accounts.example";

/** A shared drive is an account as well, as which nobody signs in: so it is named in control calls. */
export type AccountForm = "person" | "shared_drive" | "service_account";

export type Account = AnyAccount & {
  form: AccountForm;
  domain: string;
  /** The number that Google knows the account by. */
  subject: string;
};
export type Accounts = AnyAccounts<Account>;

/** Names may be the same, and have anything in them. */
const GOOGLE_DRIVE_RULES: DriveRules = {
  product: "Google Drive",
  nameProblem: (name) => (name.length > NAME_LENGTH_MAX ? `a name longer than ${NAME_LENGTH_MAX} characters` : undefined),
  pathLengthMax: Infinity,
  caseSensitive: true,
  namesakes: true,
  notesFoldersAlone: true,
};

export const ACCOUNT_KINDS: readonly AccountKind<Account>[] = [
  kind(PERSON_DOMAIN, "personal", "person", starterFiles),
  kind(WORKSPACE_DOMAIN, "Workspace", "person", starterFiles),
  kind(SHARED_DRIVE_DOMAIN, "shared drive", "shared_drive", sharedDriveFiles),
  kind(SERVICE_ACCOUNT_DOMAIN, "service account", "service_account"),
];

/** Google's own accounts among all. */
export const googleAccounts = (all: AnyAccounts): Accounts => accountsOf<Account>(all, "google");

function kind(domain: string, label: string, form: AccountForm, starter?: AccountKind["starter"]): AccountKind<Account> {
  const describe = (base: AccountBase): Account => ({
    ...base,
    form,
    domain,
    driveId: rootIdOf(base.name),
    ids: driveIds(base.name),
    subject: subjectOf(base.name),
  });
  return { domain, label, describe, rules: GOOGLE_DRIVE_RULES, ...(starter && { starter }) };
}
