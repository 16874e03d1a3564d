import type { Provider, ProviderContext, ProviderDefinition, ProviderEnv, ProviderFacts } from "../provider.ts";
import { account, checks } from "./account.ts";
import { app } from "./own-app.ts";
import { Aps } from "./aps.ts";
import { browse } from "./browse.ts";
import { changes } from "./changes.ts";
import { open } from "./download.ts";
import { allProjects, chosenProjects } from "./feeds.ts";
import { hooks } from "./hooks.ts";
import { lookup, LOOKUP_MAX } from "./lookup.ts";
import { READ } from "./mint.ts";
import { serviceAccount } from "./service-account.ts";

/** Where a version is stored does not change; an address of it is asked for when it is read. */
const STORAGE_SECONDS = 7 * 86_400;

const facts: ProviderFacts = {
  hashAlgorithms: ["sha1"],
  rangedReads: true,
  reportsRemovals: true,
  downloadUrlSeconds: STORAGE_SECONDS,
  lookupMax: LOOKUP_MAX,
  // What folders' times do not tell of is not documented.
  reconcileDays: 1,
};

/**
 * Autodesk Construction Cloud and BIM 360, through Autodesk Platform Services: each project a feed. Files are read by the one
 * permission that only reads. Autodesk demands another one for hooks: it is never asked of people, whose projects the schedule follows.
 */
export const autodesk: ProviderDefinition = {
  id: "autodesk",
  name: "Autodesk Construction Cloud",
  methods: [{ type: "oauth2", id: "autodesk", name: "Autodesk account", authority: "autodesk", scopes: [READ] }, serviceAccount, app],
  capabilities: { browse: true, search: false, webhook: true },
  announcesTo: ["service_account", "token"],
  hashes: "some",
  webhookPath: "autodesk",
  removalsWithinDays: 2,
  create: (env, context) => createAutodesk(env, context),
};

function createAutodesk(env: ProviderEnv, context: ProviderContext): Provider {
  const aps = new Aps(env, context);
  return {
    facts,
    account: () => account(aps),
    feeds: (chosen) => (chosen === undefined ? allProjects(aps) : chosenProjects(aps, chosen)),
    changes: (feedId, cursor, known) => changes(aps, feedId, cursor, known),
    lookup: (feedId, ids) => lookup(aps, feedId, ids),
    open: (content, options = {}) => open(aps, content, options),
    browse: browse(aps),
    webhook: hooks(aps),
    checks: () => checks(aps),
  };
}
