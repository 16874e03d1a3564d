import { account } from "../atlassian/account.ts";
import { AtlassianApi } from "../atlassian/atlassian-api.ts";
import { apiToken, atlassianSignIn, scopedApiToken } from "../atlassian/methods.ts";
import type { Provider, ProviderContext, ProviderDefinition, ProviderEnv, ProviderFacts } from "../provider.ts";
import { changes } from "./changes.ts";
import { checks } from "./checks.ts";
import { open } from "./content.ts";
import { formatsOf, options } from "./formats.ts";
import { lookup, LOOKUP_MAX } from "./lookup.ts";
import { currentUser, type Source } from "./source.ts";
import { browse, feeds } from "./spaces.ts";

/** What names a content is good for as long as its version is there. This is how long it is used before it is looked at again. */
const ADDRESS_SECONDS = 7 * 86_400;
/** A listing costs a request a page of the space. Users' listings are spread by a quarter of the time to both sides. */
const RECONCILE_DAYS = 0.75;
const REMOVALS_WITHIN_DAYS = 1;

const facts: ProviderFacts = {
  hashAlgorithms: [],
  // Of attachments; the text of a page comes whole.
  rangedReads: true,
  reportsRemovals: false,
  downloadUrlSeconds: ADDRESS_SECONDS,
  lookupMax: LOOKUP_MAX,
  reconcileDays: RECONCILE_DAYS,
};

/** The API v2, where it is enough; search and downloads are still v1's, whose scopes are of another family. None lets anything be changed. */
const SCOPES = [
  "read:space:confluence",
  "read:page:confluence",
  "read:attachment:confluence",
  "read:folder:confluence",
  "read:whiteboard:confluence",
  "read:database:confluence",
  "read:embed:confluence",
  "search:confluence",
  "readonly:content.attachment:confluence",
];
/** An API token also has to say whose it is. */
const TOKEN_SCOPES = [...SCOPES, "read:confluence-user"];

/**
 * Confluence Cloud. Spaces are what a sync follows: pages with what is attached to them. What has changed is searched for; what is no
 * longer there is found by listing all.
 */
export const confluence: ProviderDefinition = {
  id: "confluence",
  name: "Confluence",
  methods: [atlassianSignIn(SCOPES), apiToken, scopedApiToken(TOKEN_SCOPES)],
  capabilities: { browse: true, search: false, webhook: false },
  hashes: "none",
  options,
  removalsWithinDays: REMOVALS_WITHIN_DAYS,
  create: (env, context) => createConfluence(env, context),
};

function createConfluence(env: ProviderEnv, context: ProviderContext): Provider {
  const api = new AtlassianApi(env, context, "confluence");
  const source: Source = { api, formats: formatsOf(context.options) };
  return {
    facts,
    account: () =>
      account(api, env, "Confluence", async (site) => {
        const { accountId, displayName, publicName, email } = await currentUser(api, site);
        return { accountId, name: displayName ?? publicName ?? "Confluence", ...(email && { email }) };
      }),
    feeds: (chosen) => feeds(source, chosen),
    changes: (feedId, cursor) => changes(source, feedId, cursor),
    lookup: (feedId, ids) => lookup(source, feedId, ids),
    open: (content, options = {}) => open(source, content, options),
    browse: browse(source),
    checks: () => checks(api),
  };
}
