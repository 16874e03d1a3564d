import type { VendorRequest } from "../vendor-request.ts";
import { decodeSegment } from "../vendor-request.ts";
import type { Account } from "./accounts.ts";
import type { CloudTools } from "./tools.ts";
import { multistatus, refuse, responseOf, escapeXml } from "./xml.ts";

const META_PATH = "{http://owncloud.org/ns}meta-path-for-user";

/** ownCloud's answer to where an id is; Nextcloud has no such thing. */
export function meta(tools: CloudTools, request: VendorRequest, account: Account): Response {
  const id = decodeSegment(request.path.split("/")[4] ?? "");
  const item = tools.drives.live(account.no, account.ids.parse(id) ?? 0);
  if (item === undefined) refuse(404, "Sabre\\DAV\\Exception\\NotFound", "");
  const path = `/${tools.drives.segments(account.no, item).join("/")}`;
  return multistatus([responseOf(request.path, [META_PATH], new Map([[META_PATH, escapeXml(path)]]), true)]);
}
