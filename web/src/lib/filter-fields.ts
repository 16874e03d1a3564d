// A sync's filters as a form has them: every field a text. Pure.
import type { Filters } from "./wire.ts";

export interface FilterValues {
  types: string;
  excludeTypes: string;
  include: string;
  exclude: string;
  /** In the unit beside it. */
  maxSize: string;
  maxUnit: SizeUnit;
  /** "2026-11-28": days of the reader's own calendar. */
  modifiedAfter: string;
  modifiedBefore: string;
}

export type SizeUnit = keyof typeof UNITS;
const UNITS = { kB: 1e3, MB: 1e6, GB: 1e9 } as const;
export const SIZE_UNITS = Object.keys(UNITS) as SizeUnit[];

/** Endings of names by what they usually are: what a person thinks of, rather than of endings. */
export const KINDS = {
  videos: ["3gp", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogv", "webm", "wmv"],
  pictures: ["avif", "bmp", "cr2", "dng", "gif", "heic", "heif", "jpeg", "jpg", "nef", "png", "raw", "svg", "tif", "tiff", "webp"],
  music: ["aac", "aif", "aiff", "flac", "m4a", "mp3", "oga", "ogg", "opus", "wav", "wma"],
  archives: ["7z", "bz2", "dmg", "gz", "iso", "rar", "tar", "tgz", "xz", "zip", "zst"],
} as const;
export type FileKind = keyof typeof KINDS;

/** Whether the list names all endings of a kind. */
export function namesKind(list: string, kind: FileKind): boolean {
  const named = new Set(words(list));
  return KINDS[kind].every((ending) => named.has(ending));
}

/** The list with all endings of a kind, or, where it names them all, without them. */
export function toggleKind(list: string, kind: FileKind): string {
  const endings: readonly string[] = KINDS[kind];
  const others = words(list).filter((word) => !endings.includes(word));
  return (namesKind(list, kind) ? others : [...others, ...endings]).join(", ");
}

export function toValues(filters: Filters): FilterValues {
  const unit = SIZE_UNITS.findLast((candidate) => (filters.maxBytes ?? 0) % UNITS[candidate] === 0) ?? "MB";
  // What no unit divides is written in the smallest one, with its fraction.
  const maxUnit =
    filters.maxBytes !== undefined && filters.maxBytes % UNITS[unit] !== 0 ? "kB" : filters.maxBytes === undefined ? "MB" : unit;
  return {
    types: (filters.types ?? []).join(", "),
    excludeTypes: (filters.excludeTypes ?? []).join(", "),
    include: (filters.include ?? []).join("\n"),
    exclude: (filters.exclude ?? []).join("\n"),
    maxSize: filters.maxBytes === undefined ? "" : String(filters.maxBytes / UNITS[maxUnit]),
    maxUnit,
    modifiedAfter: toDay(filters.modifiedAfter),
    modifiedBefore: toDay(filters.modifiedBefore),
  };
}

/** The filters that the form says, with those of `before` that it has no field for, and to the instant where a day was not touched. */
export function toFilters(values: FilterValues, before: Filters): Filters {
  const types = words(values.types);
  const excludeTypes = words(values.excludeTypes);
  const include = lines(values.include);
  const exclude = lines(values.exclude);
  const size = Number.parseFloat(values.maxSize.replace(",", "."));
  const instant = (day: string, old: string | undefined) => (day === toDay(old) ? old : new Date(`${day}T00:00:00`).toISOString());
  const { rules } = before;
  return {
    ...(rules !== undefined && { rules }),
    ...(types.length > 0 && { types }),
    ...(excludeTypes.length > 0 && { excludeTypes }),
    ...(include.length > 0 && { include }),
    ...(exclude.length > 0 && { exclude }),
    ...(Number.isFinite(size) && size >= 0 && { maxBytes: Math.round(size * UNITS[values.maxUnit]) }),
    ...optional("modifiedAfter", values.modifiedAfter === "" ? undefined : instant(values.modifiedAfter, before.modifiedAfter)),
    ...optional("modifiedBefore", values.modifiedBefore === "" ? undefined : instant(values.modifiedBefore, before.modifiedBefore)),
  };
}

function optional<Name extends string>(name: Name, value: string | undefined): { [key in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: string });
}

function words(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).map((word) => word.toLowerCase().replace(/^\*?\./, "")))].filter((word) => word !== "");
}

function lines(text: string): string[] {
  return [...new Set(text.split("\n").map((line) => line.trim()))].filter((line) => line !== "");
}

function toDay(instant: string | undefined): string {
  if (instant === undefined) return "";
  const date = new Date(instant);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
