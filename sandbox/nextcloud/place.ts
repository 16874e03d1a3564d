import { ROOT_N, type Item } from "../drives/store.ts";
import { decodeSegment, type VendorRequest } from "../vendor-request.ts";
import type { Account } from "./accounts.ts";
import { refuse } from "./xml.ts";
import type { CloudTools } from "./tools.ts";

/** Where in an account's files a request leads, and how addresses there are written in the answer. */
export type Place = { account: Account; item: Item; hrefOf: (item: Item) => string };

/** Understands an address of files; throws where there is nothing. `prefix`: what is before the names, with a slash at its end. */
export function placeAt(tools: CloudTools, request: VendorRequest, account: Account, prefix: string): Place {
  const names = request.path
    .slice(prefix.length)
    .split("/")
    .filter((part) => part !== "")
    .map(decodeSegment);
  const item = tools.drives.byPath(account.no, names);
  if (item === undefined) refuse(404, "Sabre\\DAV\\Exception\\NotFound", `File with name /${names.join("/")} could not be located`);
  return { account, item, hrefOf: hrefs(tools, request, account, prefix) };
}

/** Absolute paths; where the host is a first segment of the address that was asked, it is one of theirs too. */
export function hrefs(tools: CloudTools, request: VendorRequest, account: Account, prefix: string): (item: Item) => string {
  const site = new URL(request.site(request.host)).pathname.replace(/\/$/, "");
  return (item) => {
    const path = tools.drives.segments(account.no, item).map(encodeURIComponent).join("/");
    return `${site}${prefix}${path}${item.folder && item.n !== ROOT_N ? "/" : ""}`;
  };
}

export const filesPrefix = (account: Account): string => `/remote.php/dav/files/${encodeURIComponent(account.userId)}/`;
