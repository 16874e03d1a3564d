import type { Meta } from "../database.ts";
import type { Accounts } from "./accounts.ts";
import type { SiteChange, Sites } from "./sites.ts";
import { ALICE } from "./starter.ts";

/** Three of them alice follows; of the others she may find those that are open to everybody. */
const FIRST_SITES: readonly (SiteChange & { name: string; followed: boolean })[] = [
  { name: "root", title: "Contoso", followed: false },
  { name: "marketing", title: "Marketing", followed: true },
  { name: "engineering", title: "Engineering", followed: true },
  { name: "lighthouse", title: "Lighthouse project", parent: "engineering", followed: false },
  { name: "finance", title: "Finance", followed: false },
  { name: "legal", title: "Legal (archived)", state: "locked", followed: true },
  { name: "board", title: "The board", members: [], followed: false },
];

/** Makes the sites of the first day, once. */
export function beginSites(meta: Meta, sites: Sites, accounts: Accounts): void {
  if (meta.get("sites-begun") !== undefined) return;
  const alice = accounts.named(ALICE);
  for (const { name, followed, ...site } of FIRST_SITES) {
    sites.change(name, site);
    if (followed && alice !== undefined) sites.follow(alice, name);
  }
  meta.set("sites-begun", "true");
}
