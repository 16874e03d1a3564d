// What a search means: words in names, regardless of case and accents, and names one below the other where there are slashes.
// Every character of a query stands for itself.

/** Words of one name; what comes after is not looked at. */
const WORDS_MAX = 10;
/** Names one below the other. */
const SEGMENTS_MAX = 20;

/** Accents as characters of their own, after decomposition. */
const ACCENTS = /[\u0300-\u036f]/g;
/** Letters that have no accent to take off, and are written without one all the same. */
const PLAIN: Record<string, string> = { ø: "o", ł: "l", đ: "d", ð: "d", ħ: "h", ŧ: "t", ı: "i", ß: "ss", æ: "ae", œ: "oe" };

export interface NameSearch {
  /** The words of each name, folded; the last is the item's own, those before are the folders' right above it. */
  segments: string[][];
  /** The first name is that of something at the top. */
  fromTop: boolean;
  /** A slash at the end asks for folders. */
  foldersOnly: boolean;
}

/** A text as it is compared: without case and accents. */
export function fold(text: string): string {
  const plain = text.normalize("NFD").replace(ACCENTS, "").toLowerCase().replace(ACCENTS, "");
  return plain.replace(/[øłđðħŧıßæœ]/g, (letter) => PLAIN[letter] ?? letter);
}

/** Null where nothing is asked for. */
export function parseSearch(text: string): NameSearch | null {
  const names = text.trim().split("/");
  const segments = names.map((name) => fold(name).split(/\s+/).filter((word) => word !== "").slice(0, WORDS_MAX)); // prettier-ignore
  const asked = segments.filter((words) => words.length > 0).slice(-SEGMENTS_MAX);
  if (asked.length === 0) return null;
  return {
    segments: asked,
    fromTop: names.length > 1 && names[0]?.trim() === "",
    foldersOnly: names.length > 1 && names.at(-1)?.trim() === "",
  };
}

/** Whether an item's own name fits. */
export function fitsName(search: NameSearch, name: string): boolean {
  return hasWords(fold(name), search.segments.at(-1) ?? []);
}

/** Whether the names on the way to an item fit, its own included. */
export function fitsPath(search: NameSearch, path: string): boolean {
  const names = path.split("/").slice(1);
  if (names.length < search.segments.length || (search.fromTop && names.length !== search.segments.length)) return false;
  const last = names.slice(-search.segments.length);
  return search.segments.every((words, index) => hasWords(fold(last[index] ?? ""), words));
}

/**
 * What the database looks for in names, since it knows no accents: names that have `text`, small letters, or any character
 * that could stand for one of it. Null: the text has such characters itself, and only names that do can have it.
 */
export function plainText(search: NameSearch): string | null {
  const words = (search.segments.at(-1) ?? []).toSorted((one, other) => other.length - one.length);
  return words.find((word) => /^[ -~]+$/.test(word)) !== undefined && words.every((word) => /^[ -~]+$/.test(word))
    ? (words[0] ?? null)
    : null;
}

function hasWords(name: string, words: readonly string[]): boolean {
  return words.every((word) => name.includes(word));
}
