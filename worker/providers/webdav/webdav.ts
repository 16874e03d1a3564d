import type { FormField, Provider, ProviderContext, ProviderDefinition, ProviderEnv, ProviderFacts } from "../provider.ts";
import { account, checks, feeds } from "./account.ts";
import { browse } from "./browse.ts";
import { changes } from "./changes.ts";
import { open } from "./download.ts";
import { lookup, LOOKUP_MAX } from "./lookup.ts";
import { DavServer } from "./server.ts";

/** An address lasts as long as the file stays where it is; after a day it is looked at again. */
const DOWNLOAD_URL_SECONDS = 86_400;

const facts: ProviderFacts = {
  hashAlgorithms: ["sha256", "sha1", "md5"],
  rangedReads: true,
  // Each folder that is read tells all that is in it.
  reportsRemovals: true,
  downloadUrlSeconds: DOWNLOAD_URL_SECONDS,
  lookupMax: LOOKUP_MAX,
  // What a server's etags have not told of is found then: changes within storages that it mounts.
  reconcileDays: 7,
};

const fields: readonly FormField[] = [
  {
    name: "address",
    label: "Address",
    kind: "url",
    help: "Of your Nextcloud or ownCloud, as in your browser; of any other server, of the WebDAV folder to follow.",
    required: true,
    placeholder: "https://cloud.example.com",
  },
  { name: "user", label: "User name", kind: "text", help: "The name that you sign in with.", required: true },
  {
    name: "password",
    label: "App password",
    kind: "secret",
    help: "Make one for Tidemark alone, in Nextcloud under Settings, Security, Devices & sessions. Servers without app passwords take your own.",
    required: true,
  },
];

/** Nextcloud, ownCloud, and any server of RFC 4918. Nothing but PROPFIND, SEARCH and GET is ever sent. */
export const webdav: ProviderDefinition = {
  id: "webdav",
  name: "WebDAV (Nextcloud, ownCloud)",
  methods: [{ type: "password", id: "password", name: "User name and app password", fields }],
  capabilities: { browse: true, search: false, webhook: false },
  hashes: "some",
  create: (env, context) => createWebDav(env, context),
};

function createWebDav(env: ProviderEnv, context: ProviderContext): Provider {
  const server = new DavServer(env, context);
  return {
    facts,
    account: () => account(server),
    feeds: (chosen, followed) => feeds(server, chosen, followed),
    changes: (feedId, cursor, known) => changes(server, feedId, cursor, known),
    lookup: (feedId, ids) => lookup(server, feedId, ids),
    open: (content, options = {}) => open(server, content, options),
    browse: browse(server),
    checks: () => checks(server),
  };
}
