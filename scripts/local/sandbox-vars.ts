import { ACCOUNT_KINDS } from "../../sandbox/microsoft/accounts.ts";
import { pairwiseSubject } from "../../sandbox/microsoft/grants.ts";
import { VENDORS } from "../../sandbox/vendors.ts";

// The Worker's settings for vendors that the sandbox plays: registrations that it accepts, and its addresses in place of the vendors'.

const SECRET = "sandbox-secret";
/** Who administers what the sandbox is connected to. */
const ADMIN = "operator@contoso.example";

/** By vendor. One that is a URL has the vendor's own host, without a scheme; one that names hosts has the sandbox's, whatever it is here. */
const VARS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  microsoft: {
    MICROSOFT_CLIENT_ID: "11111111-2222-4333-8444-555555555555",
    MICROSOFT_CLIENT_SECRET: SECRET,
    MICROSOFT_LOGIN_URL: "login.microsoftonline.com",
    GRAPH_URL: "graph.microsoft.com",
    MICROSOFT_DOWNLOAD_HOSTS: "",
  },
  google: {
    GOOGLE_CLIENT_ID: "123456789012-sandbox.apps.googleusercontent.com",
    GOOGLE_CLIENT_SECRET: SECRET,
    GOOGLE_LOGIN_URL: "accounts.google.com",
    GOOGLE_OAUTH_URL: "oauth2.googleapis.com",
    GOOGLE_API_URL: "www.googleapis.com",
    GOOGLE_DOWNLOAD_HOSTS: "",
  },
  dropbox: {
    DROPBOX_CLIENT_ID: "dropbox-client",
    DROPBOX_CLIENT_SECRET: SECRET,
    DROPBOX_LOGIN_URL: "www.dropbox.com",
    DROPBOX_API_URL: "api.dropboxapi.com",
    DROPBOX_CONTENT_URL: "content.dropboxapi.com",
  },
  atlassian: {
    ATLASSIAN_CLIENT_ID: "atlassian-client",
    ATLASSIAN_CLIENT_SECRET: SECRET,
    ATLASSIAN_LOGIN_URL: "auth.atlassian.com",
    ATLASSIAN_API_URL: "api.atlassian.com",
    ATLASSIAN_DOWNLOAD_HOSTS: "",
  },
  autodesk: {
    AUTODESK_CLIENT_ID: "autodesk-client",
    AUTODESK_CLIENT_SECRET: SECRET,
    AUTODESK_API_URL: "developer.api.autodesk.com",
    AUTODESK_PROFILE_URL: "api.userprofile.autodesk.com",
    AUTODESK_DOWNLOAD_HOSTS: "",
  },
};

/** Of everybody whom the sandbox plays: who it does not play is not offered. */
export function sandboxVars(port: number, played: readonly string[] = VENDORS.map(({ name }) => name)): Record<string, string> {
  const vars = played.flatMap((vendor) => Object.entries(VARS[vendor] ?? {}));
  return {
    ...Object.fromEntries(vars.map(([name, value]) => [name, here(name, value, `localhost:${port}`)])),
    ...(played.includes("microsoft") && { ADMIN_SUBJECTS: adminSubject(`http://localhost:${port}`) }),
  };
}

/** As the sandbox's id tokens name this person. */
function adminSubject(sandbox: string): string {
  const { MICROSOFT_CLIENT_ID = "", MICROSOFT_LOGIN_URL } = VARS["microsoft"] ?? {};
  const kind = ACCOUNT_KINDS.find(({ domain }) => ADMIN.endsWith(`@${domain}`));
  if (!kind) throw new Error(`The sandbox has no accounts like ${ADMIN}.`);
  const account = kind.describe({ no: 0, name: ADMIN, displayName: "", vendor: "microsoft", created: 0 });
  return `${sandbox}/${MICROSOFT_LOGIN_URL}/${account.tenant}/v2.0 ${pairwiseSubject(account, MICROSOFT_CLIENT_ID)}`;
}

function here(name: string, value: string, sandbox: string): string {
  if (name.endsWith("_URL")) return `http://${sandbox}/${value}`;
  return name.endsWith("_HOSTS") ? sandbox : value;
}
