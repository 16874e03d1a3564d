import { accountsOf, type Account as AnyAccount, type AccountBase, type AccountKind, type Accounts as AnyAccounts } from "../accounts.ts";
import type { DriveRules } from "../drives/names.ts";
import { projectIds, userIdOf, uuidOf, type ProjectIds, type Region } from "./ids.ts";
import { starterFiles } from "./starter.ts";

const NAME_LENGTH_MAX = 255;

export const PERSON_DOMAIN = "autodesk.example";
export const APP_DOMAIN = "autodesk-apps.example";
export const SERVICE_ACCOUNT_DOMAIN = "autodesk-service-accounts.example";
const COMPANY_DOMAIN = "autodesk-projects.example";
const EMEA_DOMAIN = "autodesk-emea.example";

/** A project is an account as well, as which nobody signs in; so is an app, that speaks for itself. */
export type AccountForm = "person" | "project" | "app" | "service_account";

export type Hub = { id: string; name: string; region: Region; product: "ACC" | "BIM360" };

/** Its drive is the files of one project: of a person, of the project of their own. */
export type Account = AnyAccount & {
  form: AccountForm;
  userId: string;
  /** Of an app and a service account, the client that it is, or belongs to. */
  client: string;
  hub: Hub;
  projectName: string;
  ids: ProjectIds;
};
export type Accounts = AnyAccounts<Account>;

const AUTODESK_DOCS_RULES: DriveRules = {
  product: "Autodesk Docs",
  nameProblem,
  pathLengthMax: Infinity,
  caseSensitive: false,
  namesakes: false,
  notesFoldersAlone: true,
};

export const ACCOUNT_KINDS: readonly AccountKind<Account>[] = [
  kind(PERSON_DOMAIN, "person", "person"),
  kind(COMPANY_DOMAIN, "project", "project"),
  kind(EMEA_DOMAIN, "project in EMEA", "project"),
  kind(APP_DOMAIN, "app", "app"),
  kind(SERVICE_ACCOUNT_DOMAIN, "service account", "service_account"),
];

/** Autodesk's own accounts among all. */
export const autodeskAccounts = (all: AnyAccounts): Accounts => accountsOf<Account>(all, "autodesk");

function kind(domain: string, label: string, form: AccountForm): AccountKind<Account> {
  return { domain, label, describe: (base) => describe(base, domain, form), rules: AUTODESK_DOCS_RULES, starter: starterFiles };
}

function describe(base: AccountBase, domain: string, form: AccountForm): Account {
  const hub = hubOf(base, domain);
  const given = base.name.slice(0, base.name.indexOf("@"));
  return {
    ...base,
    form,
    userId: userIdOf(base.name),
    client: form === "app" ? given : "sandbox-app",
    hub,
    projectName: form === "project" ? base.displayName : `${base.displayName}’s project`,
    driveId: `b.${uuidOf(`project ${base.name}`)}`,
    ids: projectIds(base.name, hub.region),
  };
}

function hubOf({ name, displayName }: AccountBase, domain: string): Hub {
  if (domain === COMPANY_DOMAIN)
    return { id: `b.${uuidOf("Harbour Construction")}`, name: "Harbour Construction", region: "US", product: "ACC" };
  if (domain === EMEA_DOMAIN) return { id: `b.${uuidOf("Nordic Bridges")}`, name: "Nordic Bridges", region: "EMEA", product: "BIM360" };
  return { id: `b.${uuidOf(`hub ${name}`)}`, name: `${displayName}’s company`, region: "US", product: "ACC" };
}

function nameProblem(name: string): string | undefined {
  if (name.trim() === "" || name === "." || name === "..") return "a name that means a place";
  if (name.length > NAME_LENGTH_MAX) return `a name longer than ${NAME_LENGTH_MAX} characters`;
  if (/[/\\:*?"<>|]|\p{Cc}/u.test(name)) return "a character that names may not have";
  return undefined;
}
