import type { Item } from "../drives/store.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Account } from "./accounts.ts";
import type { Place } from "./place.ts";
import { DEFAULT_PROPERTIES, propertiesOf } from "./properties.ts";
import type { CloudTools } from "./tools.ts";
import { multistatus, propertiesAsked, responseOf } from "./xml.ts";

const CHILDREN_MAX = 1_000_000;

/** The resource, and as much below it as `Depth` says. */
export async function propfind(tools: CloudTools, request: VendorRequest, { account, item, hrefOf }: Place): Promise<Response> {
  const depth = request.headers.get("depth") ?? "1";
  const below = depth === "0" || !item.folder ? [] : depth === "1" ? childrenOf(tools, account, item) : allBelow(tools, account, item);
  const body = await request.text();
  const asked = (body.trim() === "" ? undefined : propertiesAsked(body)) ?? DEFAULT_PROPERTIES;
  const items = [item, ...below];
  const properties = await propertiesOf(tools, account, items);
  const minimal = /return=minimal/.test(request.headers.get("prefer") ?? "");
  return multistatus(items.map((one) => responseOf(hrefOf(one), asked, properties.get(one.n) ?? new Map(), minimal)));
}

function childrenOf(tools: CloudTools, account: Account, item: Item): Item[] {
  return tools.drives.children(account.no, item.n, { order: "name", descending: false, offset: 0, limit: CHILDREN_MAX });
}

function allBelow(tools: CloudTools, account: Account, item: Item): Item[] {
  return tools.drives.descendants(account.no, item.n).flatMap((n) => tools.drives.live(account.no, n) ?? []);
}
