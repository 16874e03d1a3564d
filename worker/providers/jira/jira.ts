import { AtlassianApi } from "../atlassian/atlassian-api.ts";
import { apiToken, atlassianSignIn, scopedApiToken } from "../atlassian/methods.ts";
import type { Provider, ProviderContext, ProviderDefinition, ProviderEnv, ProviderFacts } from "../provider.ts";
import { account, checks } from "./account.ts";
import { changes } from "./changes.ts";
import { open } from "./content.ts";
import { jqlOf, options } from "./jql.ts";
import { lookup, LOOKUP_MAX } from "./lookup.ts";
import { browse, feeds } from "./projects.ts";
import { webhooks } from "./webhooks.ts";

/** Addresses are the API's own, and do not run out. This is how long one is used before the file is looked at again. */
const ADDRESS_SECONDS = 7 * 86_400;
const RECONCILE_DAYS = 7;
/** Users are spread, to a quarter more. */
const REMOVALS_WITHIN_DAYS = 9;

const facts: ProviderFacts = {
  hashAlgorithms: [],
  rangedReads: true,
  // A search finds what is there, and nothing tells what is not.
  reportsRemovals: false,
  downloadUrlSeconds: ADDRESS_SECONDS,
  lookupMax: LOOKUP_MAX,
  reconcileDays: RECONCILE_DAYS,
};

/**
 * Jira Cloud, through its REST API v3. Each project is a feed; each issue a folder in it, with the issue as Markdown and the files that
 * are attached to it. Nothing is ever written but the app's own webhooks.
 */
export const jira: ProviderDefinition = {
  id: "jira",
  name: "Jira",
  methods: [atlassianSignIn(["read:jira-work", "manage:jira-webhook"]), apiToken, scopedApiToken(["read:jira-work", "read:jira-user"])],
  capabilities: { browse: true, search: true, webhook: true },
  announcesTo: ["oauth2"],
  hashes: "none",
  webhookPath: "jira",
  options,
  removalsWithinDays: REMOVALS_WITHIN_DAYS,
  create: (env, context) => createJira(env, context),
};

function createJira(env: ProviderEnv, context: ProviderContext): Provider {
  const source = { api: new AtlassianApi(env, context, "jira"), jql: jqlOf(context.options) };
  return {
    facts,
    account: () => account(source, env),
    feeds: (chosen) => feeds(source, chosen),
    changes: (feedId, cursor, known) => changes(source, feedId, cursor, known),
    lookup: (feedId, ids) => lookup(source, feedId, ids),
    open: (content, openOptions = {}) => open(source, content, openOptions),
    browse: browse(source),
    webhook: webhooks(source),
    checks: () => checks(source),
  };
}
