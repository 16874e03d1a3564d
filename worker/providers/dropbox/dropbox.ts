import type { Provider, ProviderContext, ProviderDefinition, ProviderEnv, ProviderFacts } from "../provider.ts";
import { account, allFeeds, checks } from "./account.ts";
import { browse } from "./browse.ts";
import { changes } from "./changes.ts";
import { open } from "./content.ts";
import { DropboxApi } from "./dropbox-api.ts";
import { lookup, LOOKUP_MAX } from "./lookup.ts";

/** A revision can be downloaded for as long as Dropbox keeps it: 30 days at the least. */
const REVISION_SECONDS = 30 * 86_400;

const facts: ProviderFacts = {
  hashAlgorithms: ["dropboxHash"],
  rangedReads: true,
  reportsRemovals: true,
  downloadUrlSeconds: REVISION_SECONDS,
  lookupMax: LOOKUP_MAX,
};

/**
 * Dropbox, personal and for teams, through its API v2. The person's own files are the feed unless they choose the space of their
 * team. Its notifications are the app's, not a subscription's: the receiving route finds the accounts, and the provider has none to make.
 */
export const dropbox: ProviderDefinition = {
  id: "dropbox",
  name: "Dropbox",
  methods: [
    {
      type: "oauth2",
      id: "dropbox",
      name: "Dropbox account",
      authority: "dropbox",
      scopes: ["account_info.read", "files.metadata.read", "files.content.read"],
    },
  ],
  capabilities: { browse: true, search: false, webhook: true },
  hashes: "some",
  webhookPath: "dropbox",
  create: (env, context) => createDropbox(env, context),
};

function createDropbox(env: ProviderEnv, context: ProviderContext): Provider {
  const api = new DropboxApi(env, context);
  return {
    facts,
    account: () => account(api),
    feeds: async (chosen) => {
      const [own, ...others] = await allFeeds(api);
      return chosen ? [own, ...others].filter(({ id }) => chosen.includes(id)) : [own];
    },
    changes: (feedId, cursor, known) => changes(api, feedId, cursor, known),
    lookup: (feedId, ids) => lookup(api, feedId, ids),
    open: (content, options = {}) => open(api, content, options),
    browse: browse(api),
    checks: () => checks(api),
  };
}
