import { ProviderError } from "../errors.ts";
import type { Account, FeedRef, Provider, ProviderContext, ProviderDefinition, ProviderEnv, ProviderFacts } from "../provider.ts";
import type { About } from "./api.ts";
import { browse } from "./browse.ts";
import { changes, sharedDrive } from "./changes.ts";
import { channels } from "./channels.ts";
import { checks } from "./checks.ts";
import { open } from "./download.ts";
import { asObject, Drive } from "./drive.ts";
import { MY_DRIVE } from "./entry.ts";
import { exportsOf, options } from "./formats.ts";
import { lookup, LOOKUP_MAX } from "./lookup.ts";
import { SCOPE, serviceAccount } from "./service-account.ts";

/** Addresses are the API's own, and do not run out. This is how long one is used before the file is looked at again. */
const ADDRESS_SECONDS = 7 * 86_400;

const facts: ProviderFacts = {
  hashAlgorithms: ["sha256", "md5"],
  rangedReads: true,
  reportsRemovals: true,
  downloadUrlSeconds: ADDRESS_SECONDS,
  lookupMax: LOOKUP_MAX,
};

/**
 * Google Drive, through its API v3. My Drive is what a sync follows unless shared drives are chosen; each has a change log of its own.
 * What others merely share with the person is in neither. The one scope is the least that shows files, and it lets nothing be changed.
 */
export const googleDrive: ProviderDefinition = {
  id: "google-drive",
  name: "Google Drive",
  methods: [
    { type: "oauth2", id: "google", name: "Google account", authority: "google", scopes: ["openid", "email", "profile", SCOPE] },
    serviceAccount,
  ],
  capabilities: { browse: true, search: true, webhook: true },
  hashes: "some",
  webhookPath: "google",
  options,
  create: (env, context) => createGoogleDrive(env, context),
};

function createGoogleDrive(env: ProviderEnv, context: ProviderContext): Provider {
  const drive = new Drive(env, context);
  const exports = exportsOf(context.options);
  return {
    facts,
    account: () => account(drive),
    feeds: (chosen) => feeds(drive, chosen),
    changes: (feedId, cursor, known) => changes(drive, exports, feedId, cursor, known),
    lookup: (feedId, ids) => lookup({ drive, feedId, exports }, ids),
    open: (content, options = {}) => open({ drive, feedId: content.feedId, rootId: "", exports }, env, content, options),
    browse: browse(drive),
    webhook: channels(drive),
    checks: () => checks(drive),
  };
}

async function account(drive: Drive): Promise<Account> {
  const fields = "user(displayName,emailAddress,permissionId),storageQuota(limit,usageInDrive)";
  const { user, storageQuota } = asObject<About>(await drive.json("/about", { fields }));
  if (typeof user?.permissionId !== "string") throw new ProviderError("fatal", "The account has no id.");
  const [used, total] = [Number(storageQuota?.usageInDrive ?? Number.NaN), Number(storageQuota?.limit ?? Number.NaN)];
  return {
    id: user.permissionId,
    label: user.displayName ?? user.emailAddress ?? "Google Drive",
    ...(user.emailAddress && { email: user.emailAddress }),
    ...(Number.isFinite(used) && { quota: { used, ...(Number.isFinite(total) && { total }) } }),
  };
}

async function feeds(drive: Drive, chosen: readonly string[] = [MY_DRIVE]): Promise<FeedRef[]> {
  const found = await drive.each([...new Set(chosen)], async (id): Promise<FeedRef | []> => {
    if (id === MY_DRIVE) return { id, name: "My Drive" };
    try {
      return { id, name: (await sharedDrive(drive, id)).name ?? id };
    } catch (error) {
      // No longer there, or no longer shown to the person.
      if (error instanceof ProviderError && (error.kind === "not_found" || error.kind === "forbidden")) return [];
      throw error;
    }
  });
  return found.flat();
}
