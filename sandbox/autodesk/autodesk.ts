import { answerWithFaults, askedBy } from "../answer-with-faults.ts";
import { Refusal } from "../answers.ts";
import type { Asked } from "../fault-kinds.ts";
import { createCodes } from "../oauth/codes.ts";
import { loadSecret } from "../oauth/keys.ts";
import { page } from "../oauth/sign-in-page.ts";
import type { RunningVendor, Vendor, VendorTools } from "../vendor.ts";
import { bearerOf, type VendorRequest } from "../vendor-request.ts";
import { createAccess } from "./access.ts";
import { ACCOUNT_KINDS, autodeskAccounts, type Account } from "./accounts.ts";
import { gatewayAnswer } from "./answers.ts";
import { type Api, createApi } from "./api.ts";
import { authorize, AUTHORIZE } from "./authorize.ts";
import type { AutodeskTools } from "./context.ts";
import { autodeskControl } from "./control.ts";
import { FAULT_KINDS } from "./fault-table.ts";
import { createAutodeskGrants } from "./grants.ts";
import { createHooks } from "./hooks.ts";
import { API_HOST, isAutodeskHost, PROFILE_HOST, STORAGE_HOST } from "./hosts.ts";
import { createObjects } from "./objects.ts";
import { userInfo } from "./profile.ts";
import { createRollups } from "./rollups.ts";
import { AUTODESK_SCHEMA } from "./schema.ts";
import { FIRST_ACCOUNTS } from "./starter.ts";
import { signedFor, storage } from "./storage.ts";
import { revoke, token } from "./token.ts";
import { CLIENT_SECRET } from "../oauth/clients.ts";

const CODE_MS = 5 * 60_000;
const TOKEN = "/authentication/v2/token";
const REVOKE = "/authentication/v2/revoke";

/** Autodesk Platform Services: sign-in, apps and service accounts, hubs and projects of ACC and BIM 360, their files, and webhooks. */
export const autodesk: Vendor = {
  name: "autodesk",
  title: "Autodesk",
  isHost: isAutodeskHost,
  accountKinds: ACCOUNT_KINDS,
  firstAccounts: FIRST_ACCOUNTS,
  faultKinds: FAULT_KINDS,
  start,
};

function start(shared: VendorTools): RunningVendor {
  const { db, now, meta } = shared;
  db.exec(AUTODESK_SCHEMA);
  const secret = loadSecret(meta, "autodesk-secret");
  const accounts = autodeskAccounts(shared.accounts);
  const parts = { ...shared, accounts };
  const made = {
    ...parts,
    grants: createAutodeskGrants(db, secret, accounts, now),
    access: createAccess(parts),
    rollups: createRollups(parts),
    objects: createObjects(parts, secret),
  };
  const hooks = createHooks(made);
  const rollups: AutodeskTools["rollups"] = {
    ...made.rollups,
    catchUp: (project) => {
      const happenings = made.rollups.catchUp(project);
      if (happenings.length > 0 && shared.outbox.mode(project) !== "suppress") hooks.tell(project, happenings);
      return happenings;
    },
  };
  const tools: AutodeskTools = { ...made, rollups, hooks, codes: createCodes(db, now, { vendor: "autodesk", lifeMs: CODE_MS }) };
  const api = createApi(secret);
  return {
    answer: async (request) => {
      const asked = askedBy("autodesk", request, await accountOf(tools, request, secret));
      return answerWithFaults(shared, request, {
        asked,
        route: routeOf(api, request),
        download: request.host === STORAGE_HOST,
        answer: () => answer(tools, api, request, asked, secret),
        stamp: (response) => response.headers.set("Date", new Date(now()).toUTCString()),
      });
    },
    driveChanged: ({ no }) => {
      const project = accounts.numbered(no);
      if (project !== undefined) tools.rollups.catchUp(project);
    },
    signIn: (account) => signIn(account as Account, "/_sandbox/autodesk"),
    control: autodeskControl(tools),
  };
}

async function answer(tools: AutodeskTools, api: Api, request: VendorRequest, asked: Asked, secret: Buffer): Promise<Response> {
  if (request.host === STORAGE_HOST) return storage(tools, request, asked, secret);
  if (request.host === PROFILE_HOST) {
    const grant = tools.grants.openAccessToken(bearerOf(request) ?? "");
    if (typeof grant === "string")
      throw new Refusal(gatewayAnswer(401, "AUTH-006", "The access token provided is invalid or has expired."));
    return userInfo(grant);
  }
  if (request.host !== API_HOST)
    return page(200, "Autodesk", "<h1>Autodesk Construction Cloud</h1><p>Here Autodesk would show the file.</p>");
  if (request.path.startsWith(AUTHORIZE)) return authorize(tools, request);
  if (request.path === TOKEN) return token(tools, request, asked);
  if (request.path === REVOKE) return revoke(tools, request);
  return api.answer(tools, request, asked);
}

/** Apps and service accounts are connected by a form. */
function signIn({ form, name, client, userId }: Account, control: string): Record<string, string> {
  const app = { "Client ID": client, "Client secret": CLIENT_SECRET };
  if (form === "app") return app;
  return form === "service_account"
    ? { ...app, "Service account ID": userId, "Key: all of": `${control}/service-accounts/${name}/key` }
    : {};
}

// Whom a request is about, as far as it says.
async function accountOf(tools: AutodeskTools, request: VendorRequest, secret: Buffer): Promise<string | undefined> {
  if (request.host === STORAGE_HOST) return signedFor(request, secret);
  const bearer = bearerOf(request);
  if (bearer !== undefined) {
    const grant = tools.grants.openAccessToken(bearer);
    return typeof grant === "string" ? undefined : grant.account.name;
  }
  if (request.path.startsWith(AUTHORIZE)) return (request.query.get("account") ?? request.query.get("login_hint"))?.toLowerCase();
  if (request.path !== TOKEN) return undefined;
  const form = new URLSearchParams(await request.text());
  const grant = tools.grants.openRefreshToken(form.get("refresh_token") ?? "");
  if (typeof grant !== "string") return grant.account.name;
  const no = tools.codes.accountOf(form.get("code") ?? "");
  return no === undefined ? undefined : tools.accounts.numbered(no)?.name;
}

function routeOf(api: Api, request: VendorRequest): string {
  if (request.host === STORAGE_HOST) return "(object)";
  if (request.host === PROFILE_HOST) return "/userinfo";
  if (request.host !== API_HOST) return "(page)";
  return request.path.startsWith("/authentication/v2/") ? request.path : api.template(request.path);
}
