import { answerWithFaults, askedBy } from "../answer-with-faults.ts";
import { createCodes } from "../oauth/codes.ts";
import { loadSecret } from "../oauth/keys.ts";
import type { RunningVendor, Vendor, VendorTools } from "../vendor.ts";
import { bearerOf, type VendorRequest } from "../vendor-request.ts";
import { ACCOUNT_KINDS, dropboxAccounts } from "./accounts.ts";
import { api, isDownload, routeOf, stampApi } from "./api.ts";
import { authorize, AUTHORIZE } from "./authorize.ts";
import type { DropboxTools } from "./context.ts";
import { controlRoutes } from "./control.ts";
import { FAULT_KINDS } from "./fault-table.ts";
import { createDropboxGrants } from "./grants.ts";
import { BARE_HOST, isDropboxHost, WWW_HOST } from "./hosts.ts";
import { createNotifier } from "./notifications.ts";
import { DROPBOX_SCHEMA } from "./schema.ts";
import { FIRST_ACCOUNTS } from "./starter.ts";
import { token, tokenForm } from "./token.ts";

const CODE_MS = 10 * 60_000;
const TOKEN = "/oauth2/token";

/** Sign-in, files with their cursors, downloads and exports, spaces of teams, shared folders, and the app's webhook. */
export const dropbox: Vendor = {
  name: "dropbox",
  title: "Dropbox",
  isHost: isDropboxHost,
  accountKinds: ACCOUNT_KINDS,
  firstAccounts: FIRST_ACCOUNTS,
  faultKinds: FAULT_KINDS,
  start,
};

function start(shared: VendorTools): RunningVendor {
  const { db, now, meta, outbox, deliver } = shared;
  db.exec(DROPBOX_SCHEMA);
  const accounts = dropboxAccounts(shared.accounts);
  const grants = createDropboxGrants(db, loadSecret(meta, "dropbox-secret"), accounts, now);
  const codes = createCodes(db, now, { vendor: "dropbox", lifeMs: CODE_MS });
  const tools: DropboxTools = { ...shared, accounts, grants, codes, isCursorBusy: new Set() };
  const notifier = createNotifier({ ...tools, meta, outbox }, shared.settings["DROPBOX_WEBHOOK_URL"]);
  const driveChanged = (changed: { no: number }): void => {
    const account = accounts.numbered(changed.no);
    if (account !== undefined) notifier.driveChanged(account);
  };
  return {
    answer: async (request) => {
      const asked = askedBy("dropbox", request, await accountOf(tools, request));
      return answerWithFaults(shared, request, {
        asked,
        route: routeTemplate(request),
        download: isDownload(request.path),
        answer: async () => {
          if (request.host === BARE_HOST)
            return new Response(null, { status: 301, headers: { Location: `${request.site(WWW_HOST)}${request.path}${request.search}` } });
          if (request.path === TOKEN) return token(tools, request);
          if (request.host === WWW_HOST)
            return request.path.startsWith(AUTHORIZE) ? authorize(tools, request) : new Response(null, { status: 404 });
          return api(tools, request, asked);
        },
        stamp: (response) => {
          if (request.host !== WWW_HOST) stampApi(response);
        },
      });
    },
    driveChanged,
    control: controlRoutes({ tools, deliver, setWebhook: notifier.setWebhook, changed: driveChanged }),
  };
}

// Whom a request is about, as far as it says.
async function accountOf(tools: DropboxTools, request: VendorRequest): Promise<string | undefined> {
  if (request.path === TOKEN) {
    const form = await tokenForm(request);
    const grant = tools.grants.openRefreshToken(form.get("refresh_token") ?? "");
    if (typeof grant !== "string") return grant.account.name;
    const no = tools.codes.accountOf(form.get("code") ?? "");
    return no === undefined ? undefined : tools.accounts.numbered(no)?.name;
  }
  if (request.host === WWW_HOST) return request.query.get("account")?.toLowerCase();
  const grant = tools.grants.openAccessToken(bearerOf(request) ?? "");
  return typeof grant === "string" ? undefined : grant.account.name;
}

function routeTemplate(request: VendorRequest): string {
  if (request.host === WWW_HOST || request.path === TOKEN) return request.path.startsWith("/oauth2/") ? request.path : "(unknown)";
  const route = routeOf(request.path);
  return route === undefined ? "(unknown)" : `/2/${route}`;
}
