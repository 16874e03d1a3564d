/** Keeps of an item what `$select` names, and its id; everything where there is no `$select` or a star in it. */
export function selectFields<T extends object>(item: T, select: string | null): T {
  if (select === null || select.trim() === "") return item;
  const names = new Set(select.split(",").map((name) => name.trim().toLowerCase()));
  if (names.has("*")) return item;
  if (names.has("content.downloadurl")) names.add("@microsoft.graph.downloadurl");
  const kept = Object.entries(item).filter(([name]) => name === "id" || name === "@odata.type" || names.has(name.toLowerCase()));
  return Object.fromEntries(kept) as T;
}
