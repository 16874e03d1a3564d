/** Of the tree of a source's folders that something is chosen in. */
export const picker = {
  search: "Search in this source",
  searchPlaceholder: "Search by name",
  searchButton: "Search",
  endSearch: "Back to all",
  found: (text: string) => `Found for “${text}”`,
  tree: "Folders and files of this source",
  nothing: "Nothing is chosen yet.",
  chosen: "Chosen",
  drop: (name: string) => `Do not keep ${name}`,
  keepAfterAll: (name: string) => `Keep ${name} after all`,
  loading: "Loading…",
  again: "Try again",
  empty: "There is nothing here.",
  more: "Show more",
};
