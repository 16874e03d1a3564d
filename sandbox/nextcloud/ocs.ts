import { ROOT_N } from "../drives/store.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Account } from "./accounts.ts";
import { productAt, type Product } from "./hosts.ts";
import { quotaOf } from "./properties.ts";
import type { CloudTools } from "./tools.ts";

const VERSIONS: Record<Product, string> = { Nextcloud: "33.0.2", ownCloud: "10.15.0" };

/** What anybody may ask: what this is. */
export function status(request: VendorRequest): Response {
  const product = productAt(request.host);
  const version = VERSIONS[product];
  return Response.json({
    installed: true,
    maintenance: false,
    needsDbUpgrade: false,
    version: `${version}.1`,
    versionstring: version,
    edition: "",
    productname: product,
    extendedSupport: false,
  });
}

/** Whoever has signed in. */
export function user(tools: CloudTools, account: Account): Response {
  const used = tools.drives.live(account.no, ROOT_N)?.size ?? 0;
  const data = {
    id: account.userId,
    "display-name": account.displayName,
    displayname: account.displayName,
    email: account.name,
    enabled: true,
    quota: quotaOf(used),
  };
  return ocs("ok", 100, "OK", data);
}

export function ocs(state: "ok" | "failure", statuscode: number, message: string, data: unknown): Response {
  const body = { ocs: { meta: { status: state, statuscode, message, totalitems: "", itemsperpage: "" }, data } };
  return Response.json(body, { status: statuscode === 997 ? 401 : statuscode === 998 ? 404 : 200 });
}
