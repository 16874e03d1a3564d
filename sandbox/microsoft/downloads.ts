import { htmlAnswer, toResponse } from "../answers.ts";
import { contentOf, type DriveTools } from "../drives/drive.ts";
import { mimeTypeOf } from "../drives/mime.ts";
import { serveContent } from "../drives/serve.ts";
import type { Item } from "../drives/store.ts";
import type { Asked } from "../fault-kinds.ts";
import { escapeHtml } from "../html.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Account } from "./accounts.ts";
import { openDownloadUrl } from "./download-url.ts";
import { tagsOf } from "./drive-item.ts";
import { graphAnswer } from "./fault-answers.ts";
import type { Faults } from "./fault-table.ts";
import type { Keys } from "./keys.ts";
import { page } from "../oauth/sign-in-page.ts";
import { closedLibrary } from "./site-access.ts";
import type { Sites } from "./sites.ts";

export type DownloadTools = DriveTools<Account> & { keys: Keys; sites: Sites; faults: Faults };

/** Whom an address of a files host was given to; undefined where it is not a download. */
export function downloadOwner(tools: DownloadTools, request: VendorRequest): string | undefined {
  return openDownloadUrl(tools, request)?.caller.name;
}

/** The hosts that pre-authenticated download URLs lead to. */
export async function download(tools: DownloadTools, request: VendorRequest, asked: Asked): Promise<Response> {
  const looksLikeDownload = request.path.endsWith("/download.aspx") || request.path.startsWith("/y4m");
  if (!looksLikeDownload)
    return page(200, "OneDrive", `<h1>OneDrive</h1><p>Here Microsoft would show <code>${escapeHtml(decodeURI(request.path))}</code>.</p>`);
  const unauthorised = toResponse(
    graphAnswer(401, "unauthenticated", "The provided token is expired, invalid, or not meant for this request."),
  );
  if (request.headers.has("authorization")) return unauthorised;
  const ticket = openDownloadUrl(tools, request);
  if (ticket === undefined || ticket.expired) return unauthorised;
  const { drive: account } = ticket;
  const closed = closedLibrary(tools.sites, ticket.caller, account);
  if (closed !== undefined) return toResponse(closed.answer);
  const item = tools.drives.live(account.no, ticket.n);
  if (item === undefined || item.folder) return toResponse(htmlAnswer(404, "404 FILE NOT FOUND"));
  const infected = malwareAnswer(tools.faults, asked, item);
  if (infected !== undefined) return infected;
  if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405 });

  const served = await serveContent(tools.faults, asked, contentOf(tools, account, item), request, {
    "Content-Type": mimeTypeOf(item.name),
    "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(item.name)}`,
    ETag: tagsOf(account, item).eTag,
    "Last-Modified": new Date(item.modified).toUTCString(),
    "Cache-Control": "private, max-age=0",
  });
  return served ?? toResponse(htmlAnswer(404, "404 FILE NOT FOUND"));
}

function malwareAnswer(faults: Faults, asked: Asked, item: Item): Response | undefined {
  if (faults.list().length === 0) return undefined;
  if (faults.strikesItem("malware", asked, item)) return toResponse(graphAnswer(403, "malwareDetected", "Malware detected"));
  if (faults.strikesItem("malware-html", asked, item))
    return toResponse(htmlAnswer(403, "Malware detected", { "X-Virus-Infected": "Virus:DOS/EICAR_Test_File" }));
  if (faults.strikesItem("malware-empty", asked, item)) return new Response(null, { status: 400 });
  return undefined;
}
