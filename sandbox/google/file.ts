import type { drive_v3 } from "@googleapis/drive";
import { hashesOf } from "../drives/drive.ts";
import { ROOT_N } from "../drives/store.ts";
import type { Located } from "./access.ts";
import type { Account } from "./accounts.ts";
import type { DriveCall, GoogleTools } from "./context.ts";
import { API_HOST, DOCS_HOST, DRIVE_HOST } from "./hosts.ts";
import { digest } from "./ids.ts";
import { exportTypes, FOLDER_TYPE, isNative, SHORTCUT_TYPE, shownName, typeOf } from "./native.ts";
import type { Searched } from "./query.ts";

export type File = drive_v3.Schema$File;

export const typeOfItem = ({ item }: Located): string => (item.folder ? FOLDER_TYPE : typeOf(item.name));

/** What a search looks at; cheaper than the whole resource. */
export function searched(tools: GoogleTools, account: Account, located: Located): Searched {
  const { drive, item } = located;
  return {
    name: nameOf(located),
    mimeType: typeOfItem(located),
    trashed: item.deletedBy !== null,
    modifiedTime: new Date(item.modified).toISOString(),
    parents: parentsOf(tools, account, located),
    owners: drive.form === "shared_drive" ? [] : [drive.name, ...(drive.no === account.no ? ["me"] : [])],
    sharedWithMe: tools.access.share(account, located) === "shared",
  };
}

/** A file resource with everything that this sandbox knows. */
export async function fileResource(tools: GoogleTools, call: DriveCall, located: Located): Promise<File> {
  const { account } = call.grant;
  const { drive, item } = located;
  const id = drive.ids.id(item.n);
  const type = typeOfItem(located);
  const shared = drive.form === "shared_drive";
  const own = drive.no === account.no;
  const parents = parentsOf(tools, account, located);
  const limited = !item.folder && tools.faults.strikesItem("google-limited-items", call.asked, item);
  return {
    kind: "drive#file",
    id,
    name: nameOf(located),
    mimeType: type,
    ...(parents.length > 0 && { parents }),
    spaces: ["drive"],
    version: String(item.revision),
    createdTime: new Date(item.created).toISOString(),
    modifiedTime: new Date(item.modified).toISOString(),
    trashed: item.deletedBy !== null,
    explicitlyTrashed: item.deletedBy === item.n,
    starred: false,
    shared: shared || tools.access.isShared(located),
    webViewLink: `${call.request.site(DRIVE_HOST)}/${item.folder ? "drive/folders" : "file/d"}/${id}${item.folder ? "" : "/view"}`,
    iconLink: `${call.request.site(DRIVE_HOST)}/icon?type=${encodeURIComponent(type)}`,
    capabilities: { canDownload: !limited, canEdit: own || shared, canListChildren: item.folder, canTrash: own },
    writersCanShare: own,
    ...(shared ? { driveId: drive.driveId, teamDriveId: drive.driveId } : { ownedByMe: own, owners: [userOf(account, drive)] }),
    ...(tools.access.share(account, located) === "shared" && { sharedWithMeTime: new Date(item.changed).toISOString() }),
    lastModifyingUser: userOf(account, shared ? account : drive),
    ...(item.folder ? { size: "0" } : isNative(type) ? nativeFields(call, located, type) : await blobFields(tools, call, located)),
  };
}

export const nameOf = ({ drive, item }: Located): string =>
  item.n === ROOT_N ? (drive.form === "shared_drive" ? "Drive" : "My Drive") : item.folder ? item.name : shownName(item.name);

export function userOf(account: Account, { name, displayName, subject, no }: Account): drive_v3.Schema$User {
  return { kind: "drive#user", displayName, me: no === account.no, permissionId: subject.slice(0, 20), emailAddress: name };
}

// One at most. What somebody shared has none unless its folder is seen, too.
function parentsOf(tools: GoogleTools, account: Account, { drive, item }: Located): string[] {
  if (item.parent === null) return [];
  const parent = tools.drives.item(drive.no, item.parent);
  if (parent === undefined || !tools.access.sees(account, { drive, item: parent })) return [];
  return [drive.ids.id(item.parent)];
}

function nativeFields(call: DriveCall, { drive, item }: Located, type: string): File {
  const id = drive.ids.id(item.n);
  if (type === SHORTCUT_TYPE) {
    return {
      shortcutDetails: {
        targetId: `1${digest(`${drive.name} ${item.n}`).toString("base64url").slice(0, 32)}`,
        targetMimeType: "text/plain",
      },
    };
  }
  const links = exportTypes(type).map((format) => [format, exportLink(call, id, format)] as const);
  return { ...(links.length > 0 && { exportLinks: Object.fromEntries(links) }), quotaBytesUsed: "1024" };
}

export const exportLink = (call: DriveCall, id: string, format: string): string =>
  `${call.request.site(DOCS_HOST)}/export?id=${id}&exportFormat=${encodeURIComponent(format)}`;

async function blobFields(tools: GoogleTools, call: DriveCall, { drive, item }: Located): Promise<File> {
  const id = drive.ids.id(item.n);
  const extension = item.name.includes(".") ? item.name.slice(item.name.lastIndexOf(".") + 1) : "";
  const bare = tools.faults.strikesItem("google-missing-checksums", call.asked, item);
  const old = tools.faults.strikesItem("google-old-checksums", call.asked, item);
  const hashes = bare ? {} : (await hashesOf(tools, drive, [item], ["sha1", "sha256"])).get(item.n);
  return {
    size: tools.faults.strikesItem("google-malformed-file", call.asked, item) ? "many" : String(item.size),
    quotaBytesUsed: String(item.size),
    originalFilename: item.name,
    fileExtension: extension,
    fullFileExtension: extension,
    headRevisionId: `0B${digest(`${drive.name} ${item.n} ${item.contentRevision}`).toString("base64url").slice(0, 40)}`,
    webContentLink: `${call.request.site(DRIVE_HOST)}/uc?id=${id}&export=download`,
    ...(!bare && { md5Checksum: await tools.md5(drive, item) }),
    ...(hashes?.sha1 !== undefined && { sha1Checksum: hashes.sha1 }),
    ...(hashes?.sha256 !== undefined && !old && { sha256Checksum: hashes.sha256 }),
  };
}

export const discoveryBase = (call: DriveCall): string => `${call.request.site(API_HOST)}/drive/v3`;
