import { ProviderError } from "../../worker/providers/errors.ts";
import type { Change, ChangePage, Entry } from "../../worker/providers/provider.ts";
import type { Weather } from "./weather.ts";

/** Entries of earlier pages of a round that may come again. */
const RECENT_MAX = 20;
const WRONG_BYTES = 7;

/**
 * What a change feed's pages are like when the service has a bad day. Cursors are the source's own, with a number behind
 * them, so that no two are alike.
 */
export class PageWeather {
  readonly #weather: Weather;
  readonly #restart: string;
  /** The mark that this source leaves out now and then: never both, or nothing could tell two contents apart. */
  readonly #unreliable: "hash" | "contentTag";
  #recent: Change[] = [];
  #cursors = 0;

  /** `restart`: the source's own cursor of an enumeration from the beginning. */
  constructor(weather: Weather, restart: string) {
    this.#weather = weather;
    this.#restart = restart;
    this.#unreliable = weather.chance("unreliable mark") < 0.5 ? "hash" : "contentTag";
  }

  async page(read: (cursor: string | null) => Promise<ChangePage>, cursor: string | null): Promise<ChangePage> {
    const weather = this.#weather;
    const inner = cursor === null ? null : cursor.slice(0, cursor.lastIndexOf("~"));
    if (inner !== null) {
      if (weather.strikes("source.cursor_expired")) throw new ProviderError("cursor_expired", "Resync required.", { status: 410 });
      if (weather.strikes("source.cursor_expired_with_restart")) {
        const restartCursor = this.#cursor(this.#restart);
        throw new ProviderError("cursor_expired", "Resync required.", { status: 410, restartCursor });
      }
      if (weather.strikes("source.page_empty")) return { changes: [], cursor: this.#cursor(inner), more: true };
      if (weather.strikes("source.changes_late") && inner.includes("since")) {
        return { changes: [], cursor: this.#cursor(inner), more: false };
      }
    }
    const page = await read(inner);
    if (inner === null || inner.includes("since")) this.#recent = [];
    const changes = this.#disturbed(page.changes);
    this.#recent = [...this.#recent, ...page.changes].slice(-RECENT_MAX);
    if (inner !== null && weather.strikes("source.page_repeated")) return { changes, cursor: this.#cursor(inner), more: true };
    return { ...page, changes, cursor: this.#cursor(page.cursor) };
  }

  #cursor(inner: string): string {
    this.#cursors += 1;
    return `${inner}~${this.#cursors}`;
  }

  #disturbed(given: readonly Change[]): Change[] {
    const weather = this.#weather;
    const changes = given.flatMap((change) => this.#told(change));
    if (weather.strikes("source.entries_reordered")) changes.reverse();
    const again = weather.strikes("source.entries_repeated") ? this.#recent.filter(() => weather.chance("repeat") < 0.5) : [];
    const stale = weather.strikes("source.entries_stale_first") ? changes.flatMap(staleOf) : [];
    return [...again, ...stale, ...changes];
  }

  #told(change: Change): Change[] {
    if (change.type === "removal") return this.#weather.strikes("source.tombstone_missing") ? [] : [change];
    if (change.type !== "upsert" || change.entry.root) return [change];
    if (this.#weather.strikes("source.entry_malformed")) {
      return [{ type: "malformed", id: change.entry.id, reason: "The entry makes no sense" }];
    }
    return [{ type: "upsert", entry: this.#entry(change.entry) }];
  }

  #entry(entry: Entry): Entry {
    const weather = this.#weather;
    if (entry.kind !== "file") return entry;
    const told = { ...entry };
    if (weather.strikes("source.mark_missing")) delete told[this.#unreliable];
    if (weather.strikes("source.size_missing")) delete told.size;
    else if (told.hash && weather.strikes("source.size_wrong")) told.size = (told.size ?? 0) + WRONG_BYTES;
    if (weather.strikes("source.address_missing")) delete told.download;
    return told;
  }
}

/** An item as it never was: the true entry comes later, and wins. */
function staleOf(change: Change): Change[] {
  if (change.type !== "upsert" || change.entry.root) return [];
  return [{ type: "upsert", entry: { ...change.entry, name: `${change.entry.name}.stale` } }];
}
