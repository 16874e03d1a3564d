import type { AccessibleResource } from "./api.ts";

/** What of Atlassian is asked: its name is a part of addresses and of scopes. */
export type ProductName = "confluence" | "jira";

/** A site at which the connection has a product. */
export interface Site {
  /** Its cloud id; of a connection by an API token without scopes, its host. Never anything that an address cannot hold as it is. */
  id: string;
  name: string;
  /** Where people find it, without a slash at its end. */
  url: string;
  /** Where its REST API begins, without a slash at its end. */
  root: string;
}

const CLOUD_ID = /^[0-9a-f-]{8,64}$/i;

/** The sites among what a token is good for that have the product: one is named once for each product. */
export function sitesOf(resources: unknown, product: ProductName, apiUrl: string): Site[] {
  const sites = (Array.isArray(resources) ? resources : []).flatMap((value: unknown): Site | [] => {
    const { id, name, url, scopes } = (value ?? {}) as AccessibleResource;
    if (typeof id !== "string" || !CLOUD_ID.test(id) || scopes?.some((scope) => scope.includes(product)) !== true) return [];
    return { id, name: name ?? id, url: (url ?? "").replace(/\/$/, ""), root: gatewayRoot(apiUrl, product, id) };
  });
  return [...new Map(sites.map((site) => [site.id, site])).values()];
}

export function gatewayRoot(apiUrl: string, product: ProductName, cloudId: string): string {
  return `${apiUrl}/ex/${product}/${cloudId}`;
}

export function isCloudId(value: unknown): value is string {
  return typeof value === "string" && CLOUD_ID.test(value);
}
