import type { Asked } from "../fault-kinds.ts";
import { page } from "../oauth/sign-in-page.ts";
import { seal, unseal } from "../oauth/sealed.ts";
import { bearerOf, type VendorRequest } from "../vendor-request.ts";
import type { GoogleTools } from "./context.ts";
import { exportByLink } from "./files.ts";
import { CONTENT_HOST, DOCS_HOST } from "./hosts.ts";

const PURPOSE = "google-export";
const LIFE_MS = 3_600_000;

/** The links of a native file's `exportLinks`: with a token they lead to a host that wants none, and knows no limit of size. */
export async function exportLinkAnswer(tools: GoogleTools, request: VendorRequest, asked: Asked): Promise<Response> {
  return request.host === DOCS_HOST ? toContent(tools, request, asked) : content(tools, request);
}

function toContent(tools: GoogleTools, request: VendorRequest, asked: Asked): Response {
  const grant = tools.grants.openAccessToken(bearerOf(request) ?? "");
  const broken = tools.faults.strike("google-export-link-broken", asked) !== undefined;
  const [id, format] = [request.query.get("id"), request.query.get("exportFormat")];
  if (typeof grant === "string" || broken) return page(200, "Google Docs: Sign-in", "<h1>Sign in</h1>");
  if (id === null || format === null || tools.access.find(grant.account, id) === undefined)
    return page(404, "Page not found", "<h1>Sorry, unable to open the file at this time.</h1>");
  const ticket = seal(tools.keys.secret, PURPOSE, { account: grant.account.name, id, format, at: tools.now() });
  return new Response(null, { status: 307, headers: { Location: `${request.site(CONTENT_HOST)}/export?ticket=${ticket}` } });
}

async function content(tools: GoogleTools, request: VendorRequest): Promise<Response> {
  const ticket = unseal(tools.keys.secret, PURPOSE, request.query.get("ticket") ?? "");
  const account = tools.accounts.named(String(ticket?.["account"]));
  if (request.headers.has("authorization") || account === undefined || Number(ticket?.["at"]) + LIFE_MS < tools.now())
    return new Response(null, { status: 403 });
  const located = tools.access.find(account, String(ticket?.["id"]));
  return located === undefined ? new Response(null, { status: 404 }) : exportByLink(tools, located, String(ticket?.["format"]));
}
