import { ProviderError } from "../errors.ts";
import type {
  Account,
  BrowseEntry,
  FeedRef,
  Provider,
  ProviderContext,
  ProviderDefinition,
  ProviderEnv,
  ProviderFacts,
} from "../provider.ts";
import type { Drive, User } from "./api.ts";
import { browse, wholeDrive } from "./browse.ts";
import { changes } from "./changes.ts";
import { open } from "./download.ts";
import { Graph } from "./graph.ts";
import { canonicalDriveId } from "./ids.ts";
import { BATCH_MAX, lookup } from "./lookup.ts";
import { subscriptions } from "./subscriptions.ts";

/** An address is good for an hour by its own token. */
const DOWNLOAD_URL_SECONDS = 50 * 60;

const facts: ProviderFacts = {
  hashAlgorithms: ["quickXorHash", "sha256", "sha1"],
  rangedReads: true,
  reportsRemovals: true,
  downloadUrlSeconds: DOWNLOAD_URL_SECONDS,
  lookupMax: BATCH_MAX,
};

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
  capabilities: { browse: true, webhook: true, revoke: false },
  webhookPath: "microsoft",
  startsWhole: true,
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
  };
}

async function account(graph: Graph): Promise<Account> {
  const [user, drive] = await Promise.all([
    graph.json(graph.url("/me?$select=id,displayName,mail,userPrincipalName")) as Promise<User>,
    graph.json(graph.url("/me/drive?$select=id,quota")) as Promise<Drive>,
  ]);
  if (typeof user.id !== "string") throw new ProviderError("fatal", "The account has no id.");
  const email = user.mail ?? user.userPrincipalName;
  const { used, total } = drive.quota ?? {};
  return {
    id: user.id,
    label: user.displayName ?? email ?? "OneDrive",
    ...(email && { email }),
    ...(typeof used === "number" && { quota: { used, ...(typeof total === "number" && { total }) } }),
  };
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
