import { z } from "zod";
import type { Account, Provider, ProviderContext, ProviderDefinition, ProviderEnv, ProviderFacts } from "../provider.ts";
import { changes, type Reading } from "./changes.ts";
import { checks } from "./checks.ts";
import { Connection } from "./connection.ts";
import { open } from "./download.ts";
import { browse, feedName, feeds } from "./folders.ts";
import { lookup, LOOKUP_MAX } from "./lookup.ts";
import { ownApp } from "./own-app.ts";
import { PASSWORD_FIELDS } from "./settings.ts";

/** A mail keeps its number as long as its mailbox does: its address does not run out. */
const ADDRESS_SECONDS = 365 * 86_400;

const facts: ProviderFacts = {
  // IMAP has none: what is stored is proven by our own.
  hashAlgorithms: [],
  rangedReads: true,
  reportsRemovals: true,
  downloadUrlSeconds: ADDRESS_SECONDS,
  lookupMax: LOOKUP_MAX,
};

const options = z.strictObject({
  attachments: z.boolean().default(true).describe("Whether attachments are kept as files of their own, beside the mails that hold them."),
});

/**
 * Mail by IMAP, with a password or tokens. Each folder is a feed; a mail is a file, exactly as it came in. People are not asked to
 * sign in with Google or Microsoft: what those two ask for IMAP allows sending and deleting mail, too, and nothing less does.
 */
export const imap: ProviderDefinition = {
  id: "imap",
  name: "Mail (IMAP)",
  methods: [{ type: "password", id: "password", name: "Password, or app password", fields: PASSWORD_FIELDS }, ownApp],
  capabilities: { browse: true, search: false, webhook: false },
  hashes: "none",
  options,
  create: createImap,
};

function createImap(env: ProviderEnv, context: ProviderContext): Provider {
  const connection = new Connection(context, env.ORIGIN);
  const reading = (path: string): Reading => ({
    path,
    name: feedName(path),
    attachments: context.options?.["attachments"] !== false,
    now: context.now(),
  });
  return {
    facts,
    account: () => account(connection),
    feeds: (chosen) => connection.use((client) => feeds(client, chosen)),
    changes: (feedId, cursor) => connection.use((client) => changes(client, reading(feedId), cursor)),
    lookup: (feedId, ids) => connection.use((client) => lookup(client, reading(feedId), ids)),
    open: (content, how = {}) => open(connection, content, how),
    browse: { list: (parent) => connection.use((client) => browse(client, parent)) },
    checks: async () => {
      const settings = await connection.settings();
      return connection.use((client) => checks(client, settings));
    },
  };
}

/** An account is a name at a server. */
async function account(connection: Connection): Promise<Account> {
  const { host, user } = await connection.settings();
  const used = await connection.use(async (client) => {
    const quota = client.capabilities.has("QUOTA") ? await client.getQuota("INBOX") : false;
    return quota === false ? undefined : quota.storage;
  });
  return {
    id: `${user.toLowerCase()} at ${host}`,
    label: user.includes("@") ? user : `${user} at ${host}`,
    ...(user.includes("@") && { email: user }),
    ...(used?.usage !== undefined && { quota: { used: used.usage, ...(used.limit !== undefined && { total: used.limit }) } }),
  };
}
