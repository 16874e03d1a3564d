import type { Faults } from "../../faults.ts";
import type { DownloadFault } from "../../fault-kinds.ts";
import type { Call, ProductTools } from "../product.ts";
import type { ConfluenceFault } from "./fault-table.ts";
import type { Content, Store } from "./store.ts";

export type ConfluenceTools = Omit<ProductTools, "faults"> & { store: Store; faults: Faults<ConfluenceFault | DownloadFault> };

/** Whether a content is there for whoever calls, as far as nothing pretends that it is not. */
export function isShown({ store, faults }: ConfluenceTools, { site, account, asked }: Call, content: Content): boolean {
  if (!store.isVisible(site, content, account)) return false;
  return !faults.strikesItem("atlassian-confluence-hidden", asked, { n: content.id, name: content.title });
}
