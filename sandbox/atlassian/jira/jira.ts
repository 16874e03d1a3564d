import { transaction } from "../../database.ts";
import type { Account } from "../accounts.ts";
import type { Call, Product, ProductTools, RunningProduct } from "../product.ts";
import type { Site } from "../sites.ts";
import { api, routeOf } from "./api.ts";
import { controlRoutes, perform } from "./control.ts";
import { FAULT_KINDS } from "./fault-table.ts";
import { starterOps } from "./starter.ts";
import { createStore } from "./store.ts";
import { createWebhooks } from "./webhooks.ts";
import { USUAL_ZONE } from "./zones.ts";

/** Jira Cloud: projects, issues with their comments and attachments, searches, dynamic webhooks. */
export const jira: Product = {
  name: "jira",
  scopes: ["read:jira-work", "read:jira-user", "manage:jira-webhook"],
  owns: (path) => path.startsWith("/rest/api/2/") || path.startsWith("/rest/api/3/"),
  faultKinds: FAULT_KINDS,
  start,
};

function start(shared: ProductTools): RunningProduct {
  const { db, meta } = shared;
  const store = createStore(shared);
  const zoneOf = (account: Account): string => meta.get(`jira zone ${account.name}`) ?? USUAL_ZONE;
  const base = { ...shared, store, zoneOf };
  const tools = { ...base, webhooks: createWebhooks(base) };
  const named = (name: string): Account => {
    const account = shared.accounts.named(name);
    if (account === undefined) throw new Error(`There is no account "${name}".`);
    return account;
  };
  return {
    answer: (call: Call) => api(tools, { ...call, zone: zoneOf(call.account) }),
    route: routeTemplate,
    fill: (site: Site) =>
      transaction(db, () => {
        for (const one of starterOps()) perform(tools, site, one, named);
      }),
    changeSomething: (site: Site) => {
      const [issue] = store.issues(site.key).toSorted((one, other) => one.id - other.id);
      if (issue === undefined) return "nothing: there are no issues";
      const body = `A remark, made by the button on the sandbox's page at ${new Date(shared.now()).toISOString()}.`;
      perform(tools, site, { op: "comment", issue: String(issue.id), body }, named);
      return `a comment on ${issue.key}`;
    },
    control: controlRoutes({ ...tools, setZone: (account, zone) => meta.set(`jira zone ${account.name}`, zone) }),
  };
}

function routeTemplate(path: string): string {
  const route = routeOf(path);
  return route.startsWith("/rest/") || route === "(unknown)" ? route : `/rest/api/3${route}`;
}
