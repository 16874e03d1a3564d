import type { Account, Check, FeedRef } from "../provider.ts";
import { NAMES } from "./api.ts";
import { discover, type Found } from "./discover.ts";
import { hashOf, numberOf } from "./entry.ts";
import { readFolder } from "./folder.ts";
import type { DavServer } from "./server.ts";
import { etagsRise, feedIdOf, shareOf } from "./share.ts";

export async function account(server: DavServer): Promise<Account> {
  const found = await discover(server);
  const { share, user, userId } = found;
  const quota = quotaOf(found);
  const email = user?.email;
  return {
    // The person's name at the server and where their files are: whatever name and address they typed.
    id: `${share.root}#${encodeURIComponent(userId)}`,
    label: `${user?.["display-name"] || user?.displayname || userId} at ${hostOf(found)}`,
    ...(email && { email }),
    ...(quota && { quota }),
  };
}

/**
 * The one folder that is followed, with all below it. How it is read is settled the first time: one answer that looks otherwise must not
 * have all of it copied once more, under other ids.
 */
export async function feeds(server: DavServer, chosen?: readonly string[], followed: readonly string[] = []): Promise<FeedRef[]> {
  const found = await discover(server);
  const today = feedIdOf(found.share);
  const before = [...(chosen ?? []), ...followed].filter((id) => shareOf(id).root === found.share.root);
  const id = before.includes(today) ? today : (before[0] ?? today);
  return chosen?.includes(id) === false ? [] : [{ id, name: hostOf(found) }];
}

/** What this server can do, and what follows from what it cannot. */
export async function checks(server: DavServer): Promise<Check[]> {
  const found = await discover(server);
  const { share, product } = found;
  const { children } = await readFolder(server, share, []);
  const files = children.filter(({ resource }) => !resource.collection);
  const withChecksum = files.filter(({ resource }) => hashOf(resource.properties.get(NAMES.checksums)) !== undefined).length;
  return [
    { name: "Files", ok: true, message: `${product ?? "A WebDAV server"} answers at ${share.root}.` },
    {
      name: "Changes",
      ok: true,
      message: etagsRise(share)
        ? "A folder's etag tells of everything below it: where nothing has changed, a look costs one request. Renamed and moved files are recognised."
        : "Every folder is read each time, since this server's folders do not tell of changes below them. A renamed or moved file counts as removed and new.",
    },
    {
      name: "Checksums",
      ok: true,
      message:
        withChecksum > 0
          ? `${withChecksum} of ${files.length} files in the top folder come with a checksum, which every download is compared with.`
          : "No file in the top folder comes with a checksum: downloads are compared by their size alone.",
    },
  ];
}

/** Negative numbers are Nextcloud's words for unlimited and unknown. */
function quotaOf({ top, user }: Found): Account["quota"] {
  const used = user?.quota?.used ?? numberOf(top.properties.get(NAMES.quotaUsed));
  if (typeof used !== "number" || used < 0) return undefined;
  const free = numberOf(top.properties.get(NAMES.quotaFree));
  const total = user?.quota?.total ?? (free === undefined ? undefined : used + free);
  return { used, ...(typeof total === "number" && total > 0 && { total }) };
}

function hostOf({ share }: Found): string {
  return new URL(share.root).host;
}
