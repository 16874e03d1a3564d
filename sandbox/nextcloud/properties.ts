import { createHash } from "node:crypto";
import { hashesOf, type DriveTools } from "../drives/drive.ts";
import { mimeTypeOf } from "../drives/mime.ts";
import { ROOT_N, type Item } from "../drives/store.ts";
import type { Account } from "./accounts.ts";
import { escapeXml } from "./xml.ts";

const QUOTA_BYTES = 50 * 1024 ** 3;
const INSTANCE = "oc1a2b3c4d5e";

const dav = (local: string): string => `{DAV:}${local}`;
const oc = (local: string): string => `{http://owncloud.org/ns}${local}`;
const nc = (local: string): string => `{http://nextcloud.org/ns}${local}`;

/** What is told where a request names nothing. */
export const DEFAULT_PROPERTIES = [
  "resourcetype",
  "getlastmodified",
  "getcontentlength",
  "getetag",
  "getcontenttype",
  "quota-used-bytes",
  "quota-available-bytes",
].map(dav);

/** All properties that the items have, as XML; those without a value are there and empty. */
export async function propertiesOf(
  tools: DriveTools,
  account: Account,
  items: readonly Item[],
): Promise<Map<number, ReadonlyMap<string, string>>> {
  // Only clients that send a checksum with their upload leave one.
  const uploaded = items.filter((item) => item.source === "literal");
  const hashes = await hashesOf(tools, account, uploaded, ["sha1"]);
  const total = tools.drives.live(account.no, ROOT_N)?.size ?? 0;
  const fingerprint = createHash("md5").update(tools.accounts.state(account).epoch).digest("hex");
  return new Map(
    items.map((item) => {
      const id = account.ids.id(item.n);
      const checksum = hashes.get(item.n)?.sha1;
      const values = new Map<string, string>([
        [dav("resourcetype"), item.folder ? "<d:collection/>" : ""],
        [dav("getetag"), escapeXml(etagOf(account, item))],
        [dav("getlastmodified"), new Date(item.modified).toUTCString()],
        [dav("displayname"), escapeXml(item.n === ROOT_N ? account.userId : item.name)],
        [dav("creationdate"), `${new Date(item.created).toISOString().slice(0, 19)}+00:00`],
        [oc("fileid"), id],
        [oc("id"), `${id.padStart(8, "0")}${INSTANCE}`],
        [oc("size"), String(item.size)],
        [oc("permissions"), item.folder ? "RGDNVCK" : "RGDNVW"],
        [oc("owner-id"), escapeXml(account.userId)],
        [oc("owner-display-name"), escapeXml(account.displayName)],
        [oc("favorite"), "0"],
        [oc("data-fingerprint"), fingerprint],
        [nc("creation_time"), "0"],
        [nc("has-preview"), "false"],
      ]);
      if (item.folder) {
        values.set(dav("quota-used-bytes"), String(total));
        values.set(dav("quota-available-bytes"), String(QUOTA_BYTES - total));
      } else {
        values.set(dav("getcontentlength"), String(item.size));
        values.set(dav("getcontenttype"), mimeTypeOf(item.name));
        if (checksum !== undefined) values.set(oc("checksums"), `<oc:checksum>SHA1:${checksum}</oc:checksum>`);
      }
      return [item.n, values];
    }),
  );
}

/** Of a folder, another one whenever anything below it changes; renaming the folder itself changes nothing below it. */
export function etagOf(account: Account, item: Item): string {
  return `"${createHash("md5").update(`${account.driveId} ${item.n} ${item.created} ${item.contentRevision}`).digest("hex")}"`;
}

export const quotaOf = (used: number): Record<string, number> => ({
  free: QUOTA_BYTES - used,
  used,
  total: QUOTA_BYTES,
  relative: Math.round((used / QUOTA_BYTES) * 10_000) / 100,
  quota: QUOTA_BYTES,
});
