import { answerWithFaults, askedBy } from "../answer-with-faults.ts";
import type { Asked } from "../fault-kinds.ts";
import { createCodes } from "../oauth/codes.ts";
import { page } from "../oauth/sign-in-page.ts";
import type { RunningVendor, Vendor, VendorTools } from "../vendor.ts";
import { bearerOf, type VendorRequest } from "../vendor-request.ts";
import { createAccess } from "./access.ts";
import { ACCOUNT_KINDS, googleAccounts } from "./accounts.ts";
import { createChannels } from "./channels.ts";
import type { GoogleTools } from "./context.ts";
import { googleControl } from "./control.ts";
import { driveApi, driveRoute, isContentRequest } from "./drive-api.ts";
import { exportLinkAnswer } from "./export-link.ts";
import { FAULT_KINDS } from "./fault-table.ts";
import { createGoogleGrants, loadKeys } from "./grants.ts";
import { API_HOST, CONTENT_HOST, DOCS_HOST, DRIVE_HOST, isGoogleHost, OAUTH_HOST } from "./hosts.ts";
import { identity, identityRoute, notFound } from "./identity.ts";
import { createMd5 } from "./md5.ts";
import { createQuota } from "./quota.ts";
import { GOOGLE_SCHEMA } from "./schema.ts";
import { FIRST_ACCOUNTS } from "./starter.ts";

const CODE_MS = 10 * 60_000;

/** Sign-in, service accounts, Google Drive v3 with shared drives and exports, and notification channels. */
export const google: Vendor = {
  name: "google",
  title: "Google",
  isHost: isGoogleHost,
  accountKinds: ACCOUNT_KINDS,
  firstAccounts: FIRST_ACCOUNTS,
  faultKinds: FAULT_KINDS,
  start,
};

function start(shared: VendorTools): RunningVendor {
  const { db, now, faults } = shared;
  db.exec(GOOGLE_SCHEMA);
  const accounts = googleAccounts(shared.accounts);
  const keys = loadKeys(shared.meta);
  const parts = { ...shared, accounts, keys };
  const tools: GoogleTools = {
    ...parts,
    codes: createCodes(db, now, { vendor: "google", lifeMs: CODE_MS }),
    grants: createGoogleGrants(keys, accounts, now),
    access: createAccess(parts),
    channels: createChannels(parts),
    quota: createQuota(faults, now),
    md5: createMd5(parts),
  };
  return {
    answer: async (request) => {
      const asked = askedBy("google", request, await accountOf(tools, request));
      return answerWithFaults(shared, request, {
        asked,
        route: routeOf(request),
        download: request.host === CONTENT_HOST || (request.host === API_HOST && isContentRequest(request)),
        answer: () => answer(tools, request, asked),
      });
    },
    driveChanged: (account) => tools.channels.driveChanged(account),
    control: googleControl(tools),
  };
}

async function answer(tools: GoogleTools, request: VendorRequest, asked: Asked): Promise<Response> {
  if (identityRoute(request) !== undefined) return identity(tools, request, asked);
  switch (request.host) {
    case API_HOST:
      return request.path.startsWith("/drive/v3/") ? driveApi(tools, request, asked) : notFound();
    case DOCS_HOST:
    case CONTENT_HOST:
      return exportLinkAnswer(tools, request, asked);
    case DRIVE_HOST:
      return page(200, "Google Drive", "<h1>Google Drive</h1><p>Here Google would show the file.</p>");
    default:
      return notFound();
  }
}

// Whom a request is about, as far as it says.
async function accountOf(tools: GoogleTools, request: VendorRequest): Promise<string | undefined> {
  const bearer = bearerOf(request);
  if (bearer !== undefined) {
    const grant = tools.grants.openAccessToken(bearer);
    return typeof grant === "string" ? undefined : grant.account.name;
  }
  if (request.host !== OAUTH_HOST) return (request.query.get("account") ?? request.query.get("login_hint"))?.toLowerCase();
  const form = new URLSearchParams(await request.text());
  const refresh = tools.grants.openRefreshToken(form.get("refresh_token") ?? form.get("token") ?? "");
  const grant = typeof refresh === "string" ? tools.grants.openAccessToken(form.get("token") ?? "") : refresh;
  if (typeof grant !== "string") return grant.account.name;
  const no = tools.codes.accountOf(form.get("code") ?? "");
  return no === undefined ? undefined : tools.accounts.numbered(no)?.name;
}

function routeOf(request: VendorRequest): string {
  const media = request.query.get("alt") === "media" ? "?alt=media" : "";
  if (request.host === API_HOST) return `${identityRoute(request) ?? driveRoute(request.path) ?? "(unknown)"}${media}`;
  if (request.host === DRIVE_HOST) return "(page)";
  return identityRoute(request) ?? (request.path === "/export" ? "/export" : "(unknown)");
}
