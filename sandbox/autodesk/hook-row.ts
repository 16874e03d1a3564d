import type { AutodeskTools } from "./context.ts";

export type HookRow = {
  id: string;
  /** Who made it, and gets it back from lists. */
  account: number;
  region: string;
  event: string;
  callback: string;
  drive: number;
  folder: number;
  attribute: string | null;
  token: string | null;
  expires: string | null;
  status: "active" | "inactive";
  created: number;
};

/** A hook as the API describes it: never with its token. */
export function hookOf({ accounts }: Pick<AutodeskTools, "accounts">, row: HookRow): Record<string, unknown> {
  const creator = accounts.numbered(row.account);
  const folder = accounts.numbered(row.drive)?.ids.folder(row.folder) ?? "";
  return {
    hookId: row.id,
    tenant: folder,
    callbackUrl: row.callback,
    createdBy: creator?.form === "app" ? creator.client : creator?.userId,
    event: row.event,
    createdDate: new Date(row.created).toISOString(),
    lastUpdatedDate: new Date(row.created).toISOString(),
    system: "data",
    creatorType: creator?.form === "app" ? "Application" : "O2User",
    status: row.status,
    scope: { folder },
    ...(row.attribute !== null && { hookAttribute: JSON.parse(row.attribute) as object }),
    ...(row.expires !== null && { hookExpiry: row.expires }),
    autoReactivateHook: false,
    urn: `urn:adsk.webhooks:events.hook:${row.id}`,
    __self__: `/systems/data/events/${row.event}/hooks/${row.id}`,
  };
}
