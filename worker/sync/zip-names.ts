// What things are called in a zip: as at the source, as far as no program that unpacks it is led astray by a name.

/** The longest path, in bytes of UTF-8; the format has room for twice as much. */
export const ZIP_PATH_BYTES_MAX = 30_000;

/** One name as one step of a path: slashes, control characters and steps upwards are no part of it. */
export function zipName(name: string): string {
  // oxlint-disable-next-line no-control-regex -- They are what is taken out.
  const plain = name.toWellFormed().replace(/[/\\\u0000-\u001f\u007f]/g, "_");
  return /^\.{0,2}$/.test(plain.trim()) ? "_".repeat(Math.max(1, plain.length)) : plain;
}

/** Names of one folder, each given once: where case is no difference, as on many computers, they are still two. */
export class ZipNames {
  readonly #taken = new Set<string>();
  /** Where the search for a free number of this name went on. */
  readonly #numbers = new Map<string, number>();

  /** The name, with a number before its extension where it is taken. */
  take(name: string): string {
    const safe = zipName(name);
    const first = keyOf(safe);
    if (!this.#taken.has(first)) {
      this.#taken.add(first);
      return safe;
    }
    const dot = safe.lastIndexOf(".");
    const [stem, extension] = dot > 0 ? [safe.slice(0, dot), safe.slice(dot)] : [safe, ""];
    for (let number = this.#numbers.get(first) ?? 2; ; number += 1) {
      const numbered = `${stem} (${number})${extension}`;
      if (this.#taken.has(keyOf(numbered))) continue;
      this.#numbers.set(first, number + 1);
      this.#taken.add(keyOf(numbered));
      return numbered;
    }
  }
}

function keyOf(name: string): string {
  return name.normalize("NFC").toLowerCase();
}
