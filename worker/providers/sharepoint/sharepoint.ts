import { ProviderError } from "../errors.ts";
import { changes } from "../microsoft-graph/changes.ts";
import { open } from "../microsoft-graph/download.ts";
import { facts } from "../microsoft-graph/facts.ts";
import { Graph } from "../microsoft-graph/graph.ts";
import { lookup } from "../microsoft-graph/lookup.ts";
import { person } from "../microsoft-graph/person.ts";
import { subscriptions } from "../microsoft-graph/subscriptions.ts";
import type { ChangePage, ContentRef, Lookup, Provider, ProviderContext, ProviderDefinition, ProviderEnv } from "../provider.ts";
import { browse } from "./browse.ts";
import { checks } from "./checks.ts";
import { itemIdIn, markedChange, markedLookup } from "./ids.ts";
import { chosenLibraries, followedLibraries } from "./libraries.ts";
import { libraryPath } from "./sites.ts";

const IDENTITY = ["openid", "profile", "email", "offline_access", "User.Read"];

/**
 * SharePoint's document libraries, through Microsoft Graph v1.0: each library a feed. Listing and searching sites takes
 * Sites.Read.All, which reads their files as well; who may be given files alone picks libraries by their addresses. Either may
 * need an administrator's consent.
 */
export const sharepoint: ProviderDefinition = {
  id: "sharepoint",
  name: "SharePoint",
  methods: [
    {
      type: "oauth2",
      id: "sites",
      name: "work account: all sites",
      authority: "microsoft",
      scopes: [...IDENTITY, "Sites.Read.All"],
    },
    {
      type: "oauth2",
      id: "files",
      name: "work account: libraries by address",
      authority: "microsoft",
      scopes: [...IDENTITY, "Files.Read.All"],
    },
  ],
  capabilities: { browse: true, search: true, webhook: true },
  hashes: "all",
  webhookPath: "microsoft",
  create: (env, context) => createSharePoint(env, context),
};

function createSharePoint(env: ProviderEnv, context: ProviderContext): Provider {
  const graph = new Graph(env, context);
  return {
    facts,
    account: () => person(graph, "SharePoint"),
    feeds: (chosen) => (chosen === undefined ? followedLibraries(graph) : chosenLibraries(graph, chosen)),
    changes: (feedId, cursor) => changesOf(graph, feedId, cursor),
    lookup: (feedId, ids) => lookUp(graph, feedId, ids),
    open: async (content, options = {}) => open(graph, env, unmarked(content), options),
    browse: browse(graph),
    webhook: subscriptions(graph),
    checks: () => checks(graph),
  };
}

async function changesOf(graph: Graph, feedId: string, cursor: string | null): Promise<ChangePage> {
  const page = await changes(graph, feedId, cursor);
  return { ...page, changes: page.changes.map((change) => markedChange(feedId, change)) };
}

/** An item of another library is left out: that this one does not have it says nothing. */
async function lookUp(graph: Graph, feedId: string, ids: readonly string[]): Promise<Lookup[]> {
  if (ids.length > facts.lookupMax) throw new ProviderError("fatal", `A lookup takes ${facts.lookupMax} ids at most.`);
  const own = ids.flatMap((id) => itemIdIn(feedId, id) ?? []);
  if (own.length === 0) return [];
  const found = await lookup(graph, feedId, own);
  // With its site everything in a library is gone at once, and may come back: that is no removal of anything.
  if (found.every(({ status }) => status === "gone")) await graph.json(graph.url(libraryPath(feedId)));
  return found.map((each) => markedLookup(feedId, each));
}

function unmarked(content: ContentRef): ContentRef {
  const id = itemIdIn(content.feedId, content.id);
  if (id === undefined) throw new ProviderError("not_found", "This file is in another library.");
  return { ...content, id };
}
