import type { AccountRows } from "../db/rebuild.ts";

// What the bucket keeps of each user beside the contents, so that the catalogue can be built again: names, settings, what
// they sign in with. No secrets: credentials stay in the user's object.

export const ACCOUNTS_PREFIX = "accounts/";

const VERSION = 1;

export function accountKey(userId: string): string {
  return `${ACCOUNTS_PREFIX}${userId}.json`;
}

export async function saveAccount(bucket: R2Bucket, rows: AccountRows): Promise<void> {
  await bucket.put(accountKey(rows.user.id), JSON.stringify({ version: VERSION, ...rows }), {
    httpMetadata: { contentType: "application/json" },
  });
}

/** Null where there is none. */
export async function loadAccount(bucket: R2Bucket, key: string): Promise<AccountRows | null> {
  const object = await bucket.get(key);
  if (!object) return null;
  const { version, ...rows } = await object.json<AccountRows & { version: number }>();
  if (version !== VERSION) throw new Error(`${key} is of version ${version}, which this release does not know.`);
  return rows;
}
