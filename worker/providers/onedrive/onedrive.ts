import { ProviderError } from "../errors.ts";
import type { Account, BrowseEntry, FeedRef, Provider, ProviderContext, ProviderDefinition, ProviderEnv } from "../provider.ts";
import type { Drive } from "../microsoft-graph/api.ts";
import { browse, wholeDrive } from "../microsoft-graph/browse.ts";
import { changes } from "../microsoft-graph/changes.ts";
import { open } from "../microsoft-graph/download.ts";
import { facts } from "../microsoft-graph/facts.ts";
import { Graph } from "../microsoft-graph/graph.ts";
import { canonicalDriveId } from "../microsoft-graph/ids.ts";
import { lookup } from "../microsoft-graph/lookup.ts";
import { person } from "../microsoft-graph/person.ts";
import { subscriptions } from "../microsoft-graph/subscriptions.ts";
import { checks } from "./checks.ts";

/**
 * OneDrive, personal and for work, through Microsoft Graph v1.0. The person's own drive is the one feed; least scopes, since an
 * ordinary person of a work tenant cannot consent to more. Microsoft has no endpoint that ends a grant, so nothing is revoked there.
 */
export const onedrive: ProviderDefinition = {
  id: "onedrive",
  name: "OneDrive",
  methods: [
    {
      type: "oauth2",
      id: "microsoft",
      name: "Microsoft account",
      authority: "microsoft",
      scopes: ["openid", "profile", "email", "offline_access", "User.Read", "Files.Read"],
    },
  ],
  capabilities: { browse: true, search: false, webhook: true },
  hashes: "all",
  webhookPath: "microsoft",
  create: (env, context) => createOneDrive(env, context),
};

function createOneDrive(env: ProviderEnv, context: ProviderContext): Provider {
  const graph = new Graph(env, context);
  return {
    facts,
    account: () => account(graph),
    feeds: async (chosen) => (await feeds(graph)).filter(({ id }) => chosen?.includes(id) ?? true),
    changes: (feedId, cursor) => changes(graph, feedId, cursor),
    lookup: (feedId, ids) => lookup(graph, feedId, ids),
    open: (content, options = {}) => open(graph, env, content, options),
    browse: browse(graph, async () => ({ entries: await ownDrive(graph), cursor: null })),
    webhook: subscriptions(graph),
    checks: () => checks(graph, () => feeds(graph)),
  };
}

async function account(graph: Graph): Promise<Account> {
  const [known, drive] = await Promise.all([
    person(graph, "OneDrive"),
    graph.json(graph.url("/me/drive?$select=id,quota")) as Promise<Drive>,
  ]);
  const { used, total } = drive.quota ?? {};
  return { ...known, ...(typeof used === "number" && { quota: { used, ...(typeof total === "number" && { total }) } }) };
}

/** The plural, /me/drives, also lists drives that exist in name only. */
async function feeds(graph: Graph): Promise<FeedRef[]> {
  const drive = (await graph.json(graph.url("/me/drive?$select=id,name,driveType"))) as Drive;
  if (typeof drive.id !== "string") throw new ProviderError("fatal", "The drive has no id.");
  return [{ id: canonicalDriveId(drive.id), name: drive.name ?? "OneDrive" }];
}

async function ownDrive(graph: Graph): Promise<BrowseEntry[]> {
  return Promise.all((await feeds(graph)).map(({ id, name }) => wholeDrive(graph, id, name)));
}
