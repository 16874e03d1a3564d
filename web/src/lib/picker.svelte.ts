import { asApiError, type ApiError } from "./api.ts";
import { placeOf, type Place } from "./choice.ts";
import type { TreeRow } from "./keys.ts";
import type { BrowseEntry, BrowsePage } from "./wire.ts";

/** Asks for what is in a folder; of none, for what picking begins with. */
export type Browse = (parent: BrowseEntry | null, cursor: string | null) => Promise<BrowsePage>;

/** What is in one folder, as far as it has been asked for. */
export class Branch {
  nodes = $state.raw<readonly PickNode[]>([]);
  /** Whether these are all. */
  complete = $state(false);
  loading = $state(false);
  error = $state.raw<ApiError>();

  readonly #of: PickNode | null;
  readonly #browse: Browse;
  #cursor: string | null = null;

  constructor(of: PickNode | null, browse: Browse) {
    this.#of = of;
    this.#browse = browse;
  }

  /** The next page, if there is one. */
  async more(): Promise<void> {
    if (this.loading || this.complete) return;
    this.loading = true;
    this.error = undefined;
    try {
      const { items, cursor } = await this.#browse(this.#of?.entry ?? null, this.#cursor);
      this.nodes = [...this.nodes, ...items.map((entry) => new PickNode(entry, this.#of, this.#browse))];
      this.#cursor = cursor;
      this.complete = cursor === null;
    } catch (error) {
      this.error = asApiError(error);
    } finally {
      this.loading = false;
    }
  }
}

/** One entry in the tree. */
export class PickNode {
  readonly entry: BrowseEntry;
  readonly level: number;
  /** Null: it is only a way to others. */
  readonly place: Place | null;
  readonly inside: Branch;
  open = $state(false);

  constructor(entry: BrowseEntry, parent: PickNode | null, browse: Browse) {
    this.entry = entry;
    this.level = (parent?.level ?? 0) + 1;
    this.place = placeOf(entry, parent?.place ?? null);
    this.inside = new Branch(this, browse);
  }

  show(): void {
    this.open = true;
    if (this.inside.nodes.length === 0) void this.inside.more();
  }
}

/** What the tree shows in one line: an entry, or what is to be said after the last one of a folder that was asked for. */
export type PickRow = TreeRow & { key: string; position: number } & ({ node: PickNode; size: number } | { rest: Branch });

export function rowsOf(branch: Branch, key = "", level = 1): PickRow[] {
  const size = branch.complete ? branch.nodes.length : -1;
  const rows = branch.nodes.flatMap((node, index): PickRow[] => {
    const { name, hasChildren } = node.entry;
    const at = `${key}/${index}`;
    const row = { key: at, level, position: index + 1, label: name, open: hasChildren ? node.open : null, node, size };
    return node.open ? [row, ...rowsOf(node.inside, at, level + 1)] : [row];
  });
  if (branch.complete && branch.nodes.length > 0) return rows;
  return [...rows, { key: `${key}/rest`, level, position: branch.nodes.length + 1, label: "", open: null, rest: branch }];
}
