import picomatch from "picomatch/posix.js";
import type { Chain } from "./chains.ts";
import { pathIn } from "./chains.ts";
import type { Filters, Wantedness } from "./rules.ts";

// Which files pass the filters: by type, glob, size and time. Folders are not asked. No I/O.

const GLOB_OPTIONS = { dot: true, nocase: true } as const;

export interface FilteredFile {
  name: string;
  size: number | null;
  modifiedAt: number | null;
}

interface Glob {
  glob: string;
  /** Over the path; else over the name alone. */
  ofPath: boolean;
  matches: (text: string) => boolean;
}

export interface CompiledFilters {
  types: ReadonlySet<string> | null;
  excludeTypes: ReadonlySet<string>;
  include: Glob[];
  exclude: Glob[];
  rules: { types: ReadonlySet<string>; maxBytes: number }[];
  maxBytes: number | null;
  modifiedAfter: number | null;
  modifiedBefore: number | null;
  /** Whether any glob is over paths, so that chains are needed. */
  needsPath: boolean;
}

/** What is wrong with a glob, in words; null where nothing is. */
export function globProblem(glob: string): string | null {
  try {
    picomatch.makeRe(glob, { ...GLOB_OPTIONS, strictBrackets: true, debug: true });
    return null;
  } catch (error) {
    return `“${glob}” is not a glob: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Takes globs that `globProblem` finds nothing wrong with. */
export function compileFilters(filters: Filters): CompiledFilters {
  const include = (filters.include ?? []).map(compileGlob);
  const exclude = (filters.exclude ?? []).map(compileGlob);
  return {
    types: filters.types?.length ? new Set(filters.types) : null,
    excludeTypes: new Set(filters.excludeTypes),
    include,
    exclude,
    rules: (filters.rules ?? []).map(({ types, maxBytes }) => ({ types: new Set(types), maxBytes })),
    maxBytes: filters.maxBytes ?? null,
    modifiedAfter: filters.modifiedAfter ?? null,
    modifiedBefore: filters.modifiedBefore ?? null,
    needsPath: [...include, ...exclude].some((glob) => glob.ofPath),
  };
}

/** A leading slash only says that the glob begins at the root. */
function compileGlob(glob: string): Glob {
  return { glob, ofPath: glob.includes("/"), matches: picomatch(glob.replace(/^\//, ""), GLOB_OPTIONS) };
}

/** Unknown sizes and times are kept: nothing is left out on a guess. */
export function passesFilters(file: FilteredFile, chain: Chain, filters: CompiledFilters): Wantedness {
  const type = typeOf(file.name);
  if (filters.types && !filters.types.has(type)) return unwanted("type", type === "" ? "no type" : type);
  if (filters.excludeTypes.has(type)) return unwanted("type", type);
  const byGlob = passesGlobs(file.name, chain, filters);
  if (!byGlob.wanted) return byGlob;
  const maxBytes = filters.rules.find((rule) => rule.types.has(type))?.maxBytes ?? filters.maxBytes;
  if (maxBytes !== null && file.size !== null && file.size > maxBytes) return unwanted("size", `${file.size} of at most ${maxBytes} bytes`);
  if (file.modifiedAt === null) return { wanted: true };
  const { modifiedAfter, modifiedBefore } = filters;
  if (modifiedAfter !== null && file.modifiedAt < modifiedAfter) return unwanted("date", `before ${instant(modifiedAfter)}`);
  if (modifiedBefore !== null && file.modifiedAt > modifiedBefore) return unwanted("date", `after ${instant(modifiedBefore)}`);
  return { wanted: true };
}

/** The extension in lower case, without the dot; empty where there is none. A leading dot begins a name, not a type. */
export function typeOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
}

/** Excluding wins. With any glob of what to include, one must match. */
function passesGlobs(name: string, chain: Chain, filters: CompiledFilters): Wantedness {
  if (filters.include.length === 0 && filters.exclude.length === 0) return { wanted: true };
  if (filters.needsPath && !chain.complete) {
    const byName = filters.exclude.find((glob) => !glob.ofPath && glob.matches(name));
    return byName ? unwanted("glob", byName.glob) : unwanted("unplaced", "its folders are not all known yet");
  }
  const path = filters.needsPath ? pathIn(chain, name) : name;
  const matches = (glob: Glob) => glob.matches(glob.ofPath ? path : name);
  const excluding = filters.exclude.find(matches);
  if (excluding) return unwanted("glob", excluding.glob);
  return filters.include.length === 0 || filters.include.some(matches) ? { wanted: true } : unwanted("glob", "none of those to include");
}

function unwanted(reason: Extract<Wantedness, { wanted: false }>["reason"], detail: string): Wantedness {
  return { wanted: false, reason, detail };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
