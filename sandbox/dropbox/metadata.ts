import { ROOT_N, type Item } from "../drives/store.ts";
import type { Call, DropboxTools } from "./context.ts";
import { contentHashOf } from "./content-hash.ts";
import { exportOf } from "./exports.ts";
import { lowerOf, type Part } from "./namespaces.ts";

export type Metadata = {
  ".tag": "file" | "folder" | "deleted";
  name: string;
  path_lower: string;
  path_display: string;
  [field: string]: unknown;
};

const REV = /^([0-9a-f]{8})([0-9a-f]{6})([0-9a-f]{6})$/;

/** An item as the service describes it. */
export async function metadata(tools: DropboxTools, call: Call, part: Part, item: Item, display: string): Promise<Metadata> {
  const { owner, prefix } = part;
  const isMount = item.n === ROOT_N;
  const shared = isMount || (owner.no !== call.grant.account.no && prefix !== "");
  const common = {
    name: display.slice(display.lastIndexOf("/") + 1),
    path_lower: lowerOf(display),
    path_display: display,
    ...(shared && !isMount ? { parent_shared_folder_id: owner.namespaceId } : {}),
    id: owner.ids.id(item.n),
  };
  if (item.folder) {
    const within = isMount ? { shared_folder_id: owner.namespaceId } : { parent_shared_folder_id: owner.namespaceId };
    const sharing = { read_only: false, ...within, traverse_only: false, no_access: false };
    return { ".tag": "folder", ...common, ...(isMount ? { shared_folder_id: owner.namespaceId } : {}), ...(shared ? { sharing_info: sharing } : {}) }; // prettier-ignore
  }
  const exported = exportOf(item.name);
  const hidden = tools.faults.strikesItem("dropbox-missing-hash", call.asked, item) || exported !== undefined;
  return {
    ".tag": "file",
    ...common,
    client_modified: dateTime(item.modified),
    server_modified: dateTime(item.modified),
    rev: revOf(item),
    size: item.size,
    ...(shared ? { sharing_info: { read_only: false, parent_shared_folder_id: owner.namespaceId, modified_by: owner.accountId } } : {}),
    is_downloadable: exported === undefined,
    ...(exported === undefined ? {} : { export_info: exported }),
    ...(tools.faults.strikesItem("dropbox-symlinks", call.asked, item) ? { symlink_info: { target: "/elsewhere" } } : {}),
    ...(hidden ? {} : { content_hash: await contentHashOf(tools, owner, item) }),
  };
}

export function deleted(display: string): Metadata {
  return { ".tag": "deleted", name: display.slice(display.lastIndexOf("/") + 1), path_lower: lowerOf(display), path_display: display };
}

/** Another one after each change, a move too. */
export function revOf(item: Item): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
  return `${hex(item.n, 8)}${hex(item.contentRevision, 6)}${hex(item.revision, 6)}`;
}

/** The item's number and which of its contents is meant. */
export function parseRev(rev: string): { n: number; content: number } | undefined {
  const match = REV.exec(rev);
  return match === null ? undefined : { n: Number.parseInt(match[1] ?? "", 16), content: Number.parseInt(match[2] ?? "", 16) };
}

const dateTime = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
