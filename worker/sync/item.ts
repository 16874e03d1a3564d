import type { Entry, SkipReason } from "../providers/provider.ts";
import type { ContentMarks } from "./content.ts";
import { sameContent } from "./content.ts";
import type { Kept, Wantedness } from "./rules.ts";

// What an item is, and which state it belongs in. No I/O.

export const ITEM_STATES = ["excluded", "pending", "stored", "failed", "skipped", "held", "unreachable", "removed"] as const;
export type ItemState = (typeof ITEM_STATES)[number];

/** An item's row without its sync: what planning reads and writes. */
export interface ItemRow {
  remoteId: string;
  parentId: string | null;
  kind: number;
  name: string;
  size: number | null;
  mimeType: string | null;
  webUrl: string | null;
  createdAt: number | null;
  modifiedAt: number | null;
  seenAt: number;
  hash: string | null;
  /** Of a folder: its tree tag. */
  contentTag: string | null;
  state: ItemState;
  reason: string | null;
  pendingJob: string | null;
  nextAttemptAt: number | null;
  attempts: number;
  runId: string | null;
  storedId: string | null;
  storedSize: number | null;
  storedHash: string | null;
  storedTag: string | null;
  storedSourceSize: number | null;
  storedModifiedAt: number | null;
  /** Why it is here though the source no longer has it. */
  kept: Kept | null;
}

export type SyncMode = "content" | "metadata";

export const FOLDER = 0;
export const FILE = 1;

/** Most bytes of one content, 50 GiB: a large one is read back from R2 for its SHA-256, within one invocation of 15 minutes. */
export const STORABLE_BYTES_MAX = 50 * 1024 ** 3;

/** The parent of an item whose parent is not known yet. */
export const UNPLACED = "";

/** The row of an entry, over what was known of it. Content marks are the entry's alone: an old hash proves nothing about new bytes. */
export function rowOf(entry: Entry, known: ItemRow | undefined, seenAt: number): ItemRow {
  const kind = entry.kind === undefined ? (known?.kind ?? FILE) : entry.kind === "folder" ? FOLDER : FILE;
  return {
    remoteId: entry.id,
    parentId: entry.root ? null : (entry.parentId ?? known?.parentId ?? UNPLACED),
    kind,
    name: entry.name ?? known?.name ?? entry.id,
    size: entry.size ?? null,
    mimeType: entry.mimeType ?? known?.mimeType ?? null,
    webUrl: entry.webUrl ?? known?.webUrl ?? null,
    createdAt: entry.createdAt ?? known?.createdAt ?? null,
    modifiedAt: entry.modifiedAt ?? null,
    seenAt,
    hash: entry.hash ? `${entry.hash.algorithm}:${entry.hash.value}` : null,
    contentTag: kind === FILE ? (entry.contentTag ?? null) : (entry.treeTag ?? treeTagOf(known)),
    state: known?.state ?? "pending",
    reason: null,
    pendingJob: null,
    nextAttemptAt: null,
    attempts: 0,
    runId: known?.runId ?? null,
    storedId: known?.storedId ?? null,
    storedSize: known?.storedSize ?? null,
    storedHash: known?.storedHash ?? null,
    storedTag: known?.storedTag ?? null,
    storedSourceSize: known?.storedSourceSize ?? null,
    storedModifiedAt: known?.storedModifiedAt ?? null,
    kept: null,
  };
}

/** A folder that is reported without its children keeps the tag of when they were last told, unless it had gone since: then they had, too. */
function treeTagOf(known: ItemRow | undefined): string | null {
  const isThere = known !== undefined && known.state !== "removed" && known.state !== "held" && known.kept === null;
  return known?.kind === FOLDER && isThere ? known.contentTag : null;
}

/** What the source has. */
export function sourceMarks(row: ItemRow): ContentMarks {
  return { hash: row.hash, contentTag: row.contentTag, size: row.size, modifiedAt: row.modifiedAt };
}

/** What the source had when the stored content was fetched; null where nothing is stored. */
export function storedMarks(row: ItemRow): ContentMarks | null {
  if (row.storedId === null) return null;
  return { hash: row.storedHash, contentTag: row.storedTag, size: row.storedSourceSize, modifiedAt: row.storedModifiedAt };
}

/** Whether what is stored is what the source has. */
export function isCurrent(row: ItemRow): boolean {
  const stored = storedMarks(row);
  return stored !== null && sameContent(sourceMarks(row), stored);
}

/** Why a row is `held` that the rules no longer want; a removal that is held has another reason. */
export const HELD_EXCLUSION = "excluded";

/**
 * The state that an item belongs in by what is wanted, what is stored and what the source has: never by what changed.
 * What is stored and current stays in metadata mode; what the rules do not want does not.
 */
export function stateOf(
  row: ItemRow,
  mode: SyncMode,
  skip: SkipReason | undefined,
  wanted: Wantedness,
): { state: ItemState; reason: string | null } {
  if (row.kind === FILE && skip) return { state: "skipped", reason: skip };
  if (!wanted.wanted) return { state: "excluded", reason: wanted.reason };
  if (row.kind === FOLDER || isCurrent(row)) return { state: "stored", reason: null };
  if (mode === "metadata") return { state: "excluded", reason: "metadata_only" };
  if (row.size !== null && row.size > STORABLE_BYTES_MAX) return { state: "skipped", reason: "too_large" };
  return { state: "pending", reason: null };
}
