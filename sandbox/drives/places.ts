import type { DriveStore, Item } from "./store.ts";
import { ROOT_N } from "./store.ts";

/** Where items are, looked up once for all items of a page. */
export type Places = {
  parent: (item: Item) => Item | undefined;
  /** Names from the root down to the item; none for the root itself. */
  segments: (item: Item) => readonly string[];
};

export function lookUpPlaces(drives: DriveStore, drive: number): Places {
  const folders = new Map<number, Item | undefined>();
  const paths = new Map<number, readonly string[]>();
  const places: Places = {
    parent: ({ parent }) => {
      if (parent === null) return undefined;
      if (!folders.has(parent)) folders.set(parent, drives.item(drive, parent));
      return folders.get(parent);
    },
    segments: (item) => {
      if (item.n === ROOT_N) return [];
      const folder = places.parent(item);
      if (folder === undefined) return [item.name];
      let above = paths.get(folder.n);
      if (above === undefined) paths.set(folder.n, (above = places.segments(folder)));
      return [...above, item.name];
    },
  };
  return places;
}
