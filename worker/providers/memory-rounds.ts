import { ProviderError } from "./errors.ts";
import type { MemoryDrive, MemoryItem } from "./memory-drive.ts";
import type { Change, ChangePage, Entry } from "./provider.ts";

interface Round {
  /** What it tells about, in order. A `stale` row shows an item as it never was. */
  rows: { id: string; stale: boolean }[];
  /** Whether it lists what is there, instead of what changed. */
  enumeration: boolean;
  /** It tells what changed after this. */
  after: number;
  /** The next round tells what changed after this. */
  since: number;
}

/**
 * The drive's change feed, in the manner of Graph: rounds of pages, each item once with its latest state (unless repeats are asked for),
 * the root in every round, no tombstones in an enumeration, cursors that may be used again and that can expire.
 */
export class MemoryRounds {
  readonly #drive: MemoryDrive;
  readonly #rounds: Round[] = [];
  #pages = 0;

  constructor(drive: MemoryDrive) {
    this.#drive = drive;
  }

  page(cursor: string | null, now: number): ChangePage {
    const { round, offset } = this.#resume(cursor);
    const state = this.#rounds[round];
    if (!state) throw new ProviderError("fatal", "The cursor names no round.");
    const { pageSize, circle } = this.#drive.settings;
    const end = offset + pageSize;
    const more = circle !== null || end < state.rows.length;
    const next = circle === "pages" ? `0:${(this.#pages += 1)}` : circle === "cursors" && end >= state.rows.length ? 0 : end;
    return {
      changes: state.rows.slice(offset, end).flatMap((row) => this.#change(row, state, now)),
      cursor: `${this.#drive.epoch}:${more ? `round:${round}:${next}` : `since:${state.since}`}`,
      more,
    };
  }

  /** The item as the source reports it. */
  entry(item: MemoryItem, now: number): Entry {
    const { settings, rootId, id: driveId } = this.#drive;
    const misreport = this.#drive.misreportOf(item.id);
    const entry: Entry = {
      id: item.id,
      kind: item.bytes ? "file" : "folder",
      name: item.name,
      createdAt: item.createdAt,
      modifiedAt: item.modifiedAt,
      webUrl: `https://memory.example/${item.id}`,
      ...(item.id === rootId && { root: true }),
      ...(item.parentId !== null && { parentId: item.parentId }),
      ...(item.bytes && {
        size: item.bytes.length,
        mimeType: "application/octet-stream",
        download: { url: `memory:${driveId}/${item.id}/${item.revision}?expires=${now + settings.downloadUrlSeconds * 1000}`, at: now },
      }),
      ...(item.bytes && settings.hashes && { hash: { algorithm: "sha256", value: item.sha256 } }),
      ...(item.bytes && settings.contentTags && { contentTag: `c:${item.id},${item.revision}` }),
      ...misreport?.entry,
    };
    for (const field of misreport?.omit ?? []) delete entry[field];
    return entry;
  }

  #resume(cursor: string | null): { round: number; offset: number } {
    if (cursor === null) return { round: this.#begin(0, true), offset: 0 };
    const [epoch, kind, first, second] = cursor.split(":");
    if (Number(epoch) !== this.#drive.epoch) {
      const restart = this.#drive.settings.restartCursors ? { restartCursor: `${this.#drive.epoch}:restart` } : {};
      throw new ProviderError("cursor_expired", "The cursor has expired.", { status: 410, providerCode: "resyncRequired", ...restart });
    }
    if (kind === "restart") return { round: this.#begin(0, true), offset: 0 };
    if (kind === "since") return { round: this.#begin(Number(first), false), offset: 0 };
    return { round: Number(first), offset: Number(second) };
  }

  #begin(since: number, enumeration: boolean): number {
    const { settings, rootId, sequence } = this.#drive;
    const changed = this.#drive
      .items()
      .filter(
        (item) => item.id !== rootId && !this.#drive.hidden.has(item.id) && (enumeration ? item.removedBy === null : item.changed > since),
      );
    if (!enumeration) changed.sort((a, b) => a.changed - b.changed);
    if (settings.childrenFirst) changed.reverse();
    const rows = [{ id: rootId, stale: false }, ...changed.map(({ id }) => ({ id, stale: false }))];
    const repeated = settings.repeatEvery > 0 ? rows.filter((_, index) => index % settings.repeatEvery === settings.repeatEvery - 1) : [];
    return (
      this.#rounds.push({
        rows: [...repeated.map(({ id }) => ({ id, stale: true })), ...rows],
        enumeration,
        after: since,
        since: sequence,
      }) - 1
    );
  }

  #change({ id, stale }: { id: string; stale: boolean }, round: Round, now: number): Change[] {
    const item = this.#drive.item(id);
    if (item.removedBy !== null) return this.#tells(item, round) ? [{ type: "removal", id }] : [];
    if (this.#drive.misreportOf(id)?.malformed) return [{ type: "malformed", id, reason: "The entry makes no sense." }];
    const entry = this.entry(item, now);
    if (!stale) return [{ type: "upsert", entry }];
    return [{ type: "upsert", entry: { ...entry, name: `${item.name}.stale`, parentId: this.#drive.rootId } }];
  }

  /** Whether the round has a tombstone for what is gone. One that went with a folder it was moved into meanwhile always has: nobody else knew it was there. */
  #tells(item: MemoryItem, { enumeration, after }: Round): boolean {
    const { withholdTombstones, childTombstones } = this.#drive.settings;
    if (enumeration || withholdTombstones) return false;
    return childTombstones || item.removedBy === item.id || item.moved > after;
  }
}
