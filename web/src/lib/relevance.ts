// Which of the items that were found one most likely meant. Pure.
import type { Item } from "./wire.ts";

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

type Named = Pick<Item, "name" | "path" | "id">;

/** Names that are what was typed, then those that begin with it, then those where a word does; each by name and path. */
export function bestFirst<T extends Named>(items: readonly T[], query: string): T[] {
  const typed = plain(query.split("/").findLast((name) => name.trim() !== "") ?? "");
  return items
    .map((item) => ({ item, rank: rankOf(plain(item.name), typed) }))
    .toSorted(
      (one, other) =>
        one.rank - other.rank || collator.compare(one.item.name, other.item.name) || collator.compare(one.item.path, other.item.path),
    ) // prettier-ignore
    .map(({ item }) => item);
}

function rankOf(name: string, typed: string): number {
  if (name === typed || name.slice(0, Math.max(0, name.lastIndexOf("."))) === typed) return 0;
  const at = name.indexOf(typed);
  if (at === 0) return 1;
  return at > 0 && !/[\p{L}\p{N}]/u.test(name[at - 1] ?? "") ? 2 : 3;
}

function plain(text: string): string {
  return text
    .trim()
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase();
}
