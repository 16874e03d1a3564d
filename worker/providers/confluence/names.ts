/** In UTF-16 units; titles have 255 at most. */
const NAME_LENGTH_MAX = 240;

/** A title as the name of a file or a folder: what separates folders, and what cannot be seen, is replaced. */
export function nameOf(title: string, otherwise: string): string {
  const name = title
    // oxlint-disable-next-line no-control-regex -- Control characters are what is looked for.
    .replaceAll(/[/\\\u0000-\u001F\u007F]/g, "_")
    .slice(0, NAME_LENGTH_MAX)
    .toWellFormed()
    .trim();
  if (name === "") return otherwise;
  return /^\.{1,2}$/.test(name) ? name.replaceAll(".", "_") : name;
}
