import type { Hono } from "hono";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import type { Meta } from "../database.ts";
import type { Asked, FaultKinds } from "../fault-kinds.ts";
import type { Faults } from "../faults.ts";
import type { Outbox } from "../outbox.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Account, Accounts } from "./accounts.ts";
import { gatewayRefusal, SCOPE_MISMATCH } from "./answers.ts";
import type { Media } from "./media.ts";
import type { Site, Sites } from "./sites.ts";

/** What sites have: Confluence, Jira. All products share sign-in, sites, people and the store of files. */
export type Product = {
  /** As in `api.atlassian.com/ex/{name}/{cloudId}`. */
  name: "confluence" | "jira";
  /** What an app can ask people for. */
  scopes: readonly string[];
  /** Whether a path of a site's host is this product's. */
  owns: (path: string) => boolean;
  /** Their names begin with `atlassian-{name}-`. */
  faultKinds: FaultKinds;
  /** Begins to play; done anew after each reset. Tables of its own are made here. */
  start: (tools: ProductTools) => RunningProduct;
};

export type ProductTools = {
  db: DatabaseSync;
  now: Clock;
  meta: Meta;
  faults: Faults;
  outbox: Outbox;
  accounts: Accounts;
  sites: Sites;
  media: Media;
};

/** One call of a product's API, let in. */
export type Call = {
  request: VendorRequest;
  asked: Asked;
  site: Site;
  account: Account;
  /** Below the site's root, percent-encoded as it came. */
  path: string;
  /** What was granted; everything to whoever comes with a plain API token. */
  scopes: ReadonlySet<string> | "everything";
  /** The app; undefined where an API token speaks for the person. */
  client: string | undefined;
  /** Where the site's root is, in the form of the request: on its own host, or behind the gateway. */
  root: string;
};

export type RunningProduct = {
  answer: (call: Call) => Promise<Response> | Response;
  /** The template of a path below the site's root, by which the request log counts. */
  route: (path: string) => string;
  /** Fills a site that has just come to be, as far as it begins with something. */
  fill?: (site: Site) => void;
  /** The smallest change at a person's own site that anybody can see; answers what was changed, in a few words. */
  changeSomething?: (site: Site) => string;
  /** Control calls of its own, below `/_sandbox/atlassian/{name}`. */
  control?: Hono;
};

/** Refuses a call whose grant has none of these scopes. */
export function allow({ scopes }: Call, ...anyOf: readonly string[]): void {
  if (scopes !== "everything" && !anyOf.some((scope) => scopes.has(scope))) throw gatewayRefusal(401, SCOPE_MISMATCH);
}
