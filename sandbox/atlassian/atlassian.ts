import { answerWithFaults, askedBy } from "../answer-with-faults.ts";
import type { Asked } from "../fault-kinds.ts";
import { createCodes } from "../oauth/codes.ts";
import { loadSecret } from "../oauth/keys.ts";
import type { RunningVendor, Vendor, VendorTools } from "../vendor.ts";
import { bearerOf, type VendorRequest } from "../vendor-request.ts";
import { ACCOUNT_KINDS, atlassianAccounts, FIRST_ACCOUNTS } from "./accounts.ts";
import { createApiTokens } from "./api-tokens.ts";
import { authorize, AUTHORIZE } from "./authorize.ts";
import type { AtlassianTools } from "./context.ts";
import { controlRoutes } from "./control.ts";
import { FAULT_KINDS } from "./fault-table.ts";
import { gateway, gatewayRoute } from "./gateway.ts";
import { createAtlassianGrants } from "./grants.ts";
import { API_HOST, AUTH_HOST, isAtlassianHost, MEDIA_HOST } from "./hosts.ts";
import { createMedia } from "./media.ts";
import type { ProductTools } from "./product.ts";
import { PRODUCTS } from "./products.ts";
import { siteAnswer, siteRoute } from "./site.ts";
import { createSites, siteOf } from "./sites.ts";
import { token, tokenBody } from "./token.ts";

const CODE_MS = 5 * 60_000;
const TOKEN = "/oauth/token";

/** Sign-in with tokens that rotate, API tokens, sites, the store of files, and what plugs in: the products. */
export const atlassian: Vendor = {
  name: "atlassian",
  title: "Atlassian",
  isHost: isAtlassianHost,
  accountKinds: ACCOUNT_KINDS,
  firstAccounts: FIRST_ACCOUNTS,
  faultKinds: FAULT_KINDS,
  start,
};

function start(shared: VendorTools): RunningVendor {
  const { db, now, meta, faults } = shared;
  const accounts = atlassianAccounts(shared.accounts);
  const sites = createSites(db, accounts);
  const media = createMedia(db, now, loadSecret(meta, "atlassian-media-secret"), faults);
  const productTools: ProductTools = { ...shared, accounts, sites, media };
  const tools: AtlassianTools = {
    ...productTools,
    grants: createAtlassianGrants(db, loadSecret(meta, "atlassian-secret"), accounts, now),
    codes: createCodes(db, now, { vendor: "atlassian", lifeMs: CODE_MS }),
    apiTokens: createApiTokens(accounts),
    products: PRODUCTS.map((product) => ({ ...product, running: product.start(productTools) })),
  };
  settleIn(tools);
  return {
    answer: async (request) => {
      const asked = askedBy("atlassian", request, await accountOf(tools, request));
      return answerWithFaults(shared, request, {
        asked,
        route: routeTemplate(tools, request),
        download: request.host === MEDIA_HOST,
        answer: () => answer(tools, request, asked),
      });
    },
    signIn: (account, site) => {
      const own = accounts.named(account.name);
      if (own === undefined) return {};
      const { plain, scoped } = tools.apiTokens.of(own);
      return { Site: site(siteOf(own).host), "E-mail": own.name, "API token": plain, "API token with scopes": scoped };
    },
    changeSomething: (account) => {
      const own = accounts.named(account.name);
      if (own === undefined) return undefined;
      const changed = tools.products.flatMap(({ running }) => running.changeSomething?.(siteOf(own)) ?? []);
      return changed.length === 0 ? undefined : changed.join(" and ");
    },
    control: controlRoutes(tools),
  };
}

/** What is there from the first day: the first accounts' sites, and that the first of them also works at the second's. */
function settleIn({ accounts, sites, meta, products }: AtlassianTools): void {
  if (meta.get("atlassian-settled") !== undefined) return;
  meta.set("atlassian-settled", "1");
  const [first, ...others] = FIRST_ACCOUNTS.flatMap((name) => accounts.named(name) ?? []);
  for (const owner of first === undefined ? [] : [first, ...others]) for (const { running } of products) running.fill?.(siteOf(owner));
  if (first !== undefined) for (const other of others) sites.join(siteOf(other), first);
}

async function answer(tools: AtlassianTools, request: VendorRequest, asked: Asked): Promise<Response> {
  switch (request.host) {
    case AUTH_HOST:
      if (request.path === TOKEN) return token(tools, request);
      return request.path.startsWith(AUTHORIZE) ? authorize(tools, request) : new Response(null, { status: 404 });
    case API_HOST:
      return gateway(tools, request, asked);
    case MEDIA_HOST:
      return tools.media.serve(request, asked);
    default:
      return siteAnswer(tools, request, asked);
  }
}

// Whom a request is about, as far as it says.
async function accountOf(tools: AtlassianTools, request: VendorRequest): Promise<string | undefined> {
  const numbered = (no: number | undefined): string | undefined => (no === undefined ? undefined : tools.accounts.numbered(no)?.name);
  if (request.host === MEDIA_HOST) return numbered(tools.media.accountOf(request));
  if (request.host === AUTH_HOST && request.path === TOKEN) {
    const body = (await tokenBody(request)) ?? {};
    const grant = tools.grants.openRefreshToken(body["refresh_token"] ?? "");
    return typeof grant === "string" ? numbered(tools.codes.accountOf(body["code"] ?? "")) : grant.account.name;
  }
  if (request.host === AUTH_HOST) return request.query.get("account")?.toLowerCase();
  const grant = tools.grants.openAccessToken(bearerOf(request) ?? "");
  return typeof grant === "string" ? tools.apiTokens.about(request)?.name : grant.account.name;
}

function routeTemplate(tools: AtlassianTools, { host, path }: VendorRequest): string {
  if (host === API_HOST) return gatewayRoute(tools, path);
  if (host === MEDIA_HOST) return "/file/{id}/binary";
  if (host === AUTH_HOST) return path === TOKEN || path.startsWith(AUTHORIZE) ? path : "(unknown)";
  return siteRoute(tools, path);
}
