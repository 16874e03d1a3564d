import { answerWithFaults, askedBy } from "../answer-with-faults.ts";
import { createCodes, type Codes } from "../oauth/codes.ts";
import type { RunningVendor, Vendor, VendorTools } from "../vendor.ts";
import { bearerOf, type VendorRequest } from "../vendor-request.ts";
import { ACCOUNT_KINDS, microsoftAccounts } from "./accounts.ts";
import { parseAddress } from "./address.ts";
import { microsoftControl } from "./control.ts";
import { download, downloadOwner } from "./downloads.ts";
import { FAULT_KINDS } from "./fault-table.ts";
import { beginSites } from "./first-sites.ts";
import { graph, stampGraph } from "./graph.ts";
import type { GraphTools } from "./graph-context.ts";
import { createMicrosoftGrants } from "./grants.ts";
import { GRAPH_HOST, isFilesHost, isMicrosoftHost, LOGIN_HOST } from "./hosts.ts";
import { identity, identityRoute } from "./identity.ts";
import { loadKeys } from "./keys.ts";
import { createNotifier } from "./notifications.ts";
import { prepareTables } from "./schema.ts";
import { createSites } from "./sites.ts";
import { FIRST_ACCOUNTS } from "./starter.ts";
import { createSubscriptions } from "./subscriptions.ts";
import { createThrottle } from "./throttle.ts";

const CODE_MS = 10 * 60_000;

/** Sign-in, Graph with OneDrive and SharePoint, the hosts that downloads come from, and change notifications. */
export const microsoft: Vendor = {
  name: "microsoft",
  title: "Microsoft",
  isHost: isMicrosoftHost,
  accountKinds: ACCOUNT_KINDS,
  firstAccounts: FIRST_ACCOUNTS,
  faultKinds: FAULT_KINDS,
  start,
};

type MicrosoftTools = GraphTools & { codes: Codes };

function start(shared: VendorTools): RunningVendor {
  const { db, now, faults } = shared;
  prepareTables(db);
  const accounts = microsoftAccounts(shared.accounts);
  const keys = loadKeys(shared.meta);
  const sites = createSites({ db, accounts, now });
  beginSites(shared.meta, sites, accounts);
  const parts = { ...shared, accounts, keys, sites };
  const notifier = createNotifier(parts);
  const tools: MicrosoftTools = {
    ...parts,
    codes: createCodes(db, now, { vendor: "microsoft", lifeMs: CODE_MS }),
    grants: createMicrosoftGrants(keys, accounts, now),
    throttle: createThrottle(faults, now),
    subscriptions: createSubscriptions({ ...parts, notifier }),
  };

  async function answer(request: VendorRequest, batched: boolean): Promise<Response> {
    const asked = askedBy("microsoft", request, await accountOf(tools, request));
    return answerWithFaults(shared, request, {
      asked,
      route: routeOf(request),
      download: isFilesHost(request.host),
      batched,
      answer: () => {
        if (request.host === LOGIN_HOST) return identity(tools, request, asked);
        if (request.host === GRAPH_HOST) return graph(tools, request, asked, (one) => answer(one, true));
        return download(tools, request, asked);
      },
      stamp: (response) => {
        if (request.host === GRAPH_HOST) stampGraph(request, response);
      },
    });
  }
  return {
    answer: (request) => answer(request, false),
    driveChanged: notifier.driveChanged,
    clockAdvanced: notifier.watchAuthorisations,
    control: microsoftControl(sites, accounts),
    close: notifier.close,
  };
}

// Whom a request is about, as far as it says.
async function accountOf(tools: MicrosoftTools, request: VendorRequest): Promise<string | undefined> {
  if (request.host === GRAPH_HOST) {
    const grant = tools.grants.openAccessToken(bearerOf(request) ?? "");
    return typeof grant === "string" ? undefined : grant.account.name;
  }
  if (request.host !== LOGIN_HOST) return downloadOwner(tools, request);
  if (!request.path.endsWith("/token")) return (request.query.get("account") ?? request.query.get("login_hint"))?.toLowerCase();
  const form = new URLSearchParams(await request.text());
  const refresh = tools.grants.openRefreshToken(form.get("refresh_token") ?? "");
  if (typeof refresh !== "string") return refresh.grant.account.name;
  const no = tools.codes.accountOf(form.get("code") ?? "");
  return no === undefined ? undefined : tools.accounts.numbered(no)?.name;
}

function routeOf(request: VendorRequest): string {
  if (request.host === GRAPH_HOST) return parseAddress(request.path)?.route ?? "(unknown)";
  if (request.host === LOGIN_HOST) return identityRoute(request.path) ?? "(unknown)";
  if (request.path.startsWith("/y4m")) return "/{download}";
  if (!request.path.endsWith("/download.aspx")) return "(page)";
  return `${request.path.startsWith("/personal/") ? "/personal/{user}" : "/sites/{site}"}/_layouts/15/download.aspx`;
}
