import { contentOf } from "../drives/drive.ts";
import { mimeTypeOf } from "../drives/mime.ts";
import { serveContent } from "../drives/serve.ts";
import type { Asked } from "../fault-kinds.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Place } from "./place.ts";
import { etagOf } from "./properties.ts";
import type { CloudTools } from "./tools.ts";
import { refuse } from "./xml.ts";

/** A file's bytes; of a folder, a page that says so. */
export async function download(tools: CloudTools, request: VendorRequest, asked: Asked, { account, item }: Place): Promise<Response> {
  if (item.folder) {
    const body = "<!DOCTYPE html><p>This is the WebDAV interface. It can only be accessed by WebDAV clients.</p>";
    return new Response(body, { headers: { "Content-Type": "text/html; charset=utf-8" } });
  }
  const etag = etagOf(account, item);
  const headers = {
    ETag: etag,
    "OC-ETag": etag,
    "OC-FileId": account.ids.id(item.n),
    "Last-Modified": new Date(item.modified).toUTCString(),
    "Content-Type": mimeTypeOf(item.name),
    "Content-Security-Policy": "default-src 'none';",
  };
  const { ifMatch, ifNoneMatch } = { ifMatch: request.headers.get("if-match"), ifNoneMatch: request.headers.get("if-none-match") };
  if (ifMatch !== null && ifMatch !== "*" && !namesOf(ifMatch).includes(etag)) {
    refuse(412, "Sabre\\DAV\\Exception\\PreconditionFailed", "An If-Match header was specified, but none of the specified ETags matched.");
  }
  if (ifNoneMatch !== null && namesOf(ifNoneMatch).includes(etag)) return new Response(null, { status: 304, headers });
  const served = await serveContent(tools.faults, asked, contentOf(tools, account, item), request, headers);
  return served ?? refuse(404, "Sabre\\DAV\\Exception\\NotFound", "File not found");
}

const namesOf = (header: string): string[] => header.split(",").map((name) => name.trim());
