import picomatch from "picomatch/posix.js";

// Globs as picomatch has them, but in a time that no file name can blow up: names are other people's. No I/O.

const OPTIONS = { dot: true, nocase: true } as const;

/** Most parts of a glob that may share out one text in every way: each multiplies the time by the text's length. */
const LOOSE_MAX = 3;

/** A star, as picomatch writes it. */
const STAR = "[^/]*?";
/** A star, and plain characters or “?” up to the next star, as picomatch writes them. */
const STAR_AND_TEXT = /\[\^\/\]\*\?((?:[^\\^$.*+?()[\]{}|]|\\[^\w/]|\[\^\/\](?!\*))+?)(?=\[\^\/\]\*\?)/g;

/** What is wrong with a glob, in words; null where nothing is. */
export function globProblem(glob: string): string | null {
  try {
    picomatch.makeRe(fromRoot(glob), { ...OPTIONS, strictBrackets: true, debug: true });
  } catch (error) {
    return `“${glob}” is not a glob: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (/[*+]\([^)]*[*+]/.test(glob)) return `“${glob}” repeats a group that has a star in it: it would take too long.`;
  if (looseParts(glob) > LOOSE_MAX)
    return `“${glob}” would take too long: at most ${LOOSE_MAX} “**/”, and with braces, brackets or groups at most ${LOOSE_MAX} stars.`;
  return null;
}

/** Takes a glob that `globProblem` finds nothing wrong with. Texts have no leading slash. */
export function globMatcher(glob: string): (text: string) => boolean {
  const literal = fromRoot(glob);
  const pattern = steady(picomatch.makeRe(literal, OPTIONS));
  return (text) => text === literal || pattern.test(text);
}

/** A leading slash only says that the glob begins at the root. */
function fromRoot(glob: string): string {
  return glob.replace(/^\//, "");
}

/**
 * Between two stars the first place where the text fits is as good as any later one, since the second star takes the rest:
 * it is looked for once. (A lookahead with a reference to it is how JavaScript says so.)
 */
function steady(pattern: RegExp): RegExp {
  if (pattern.source.includes("\\k")) return pattern;
  let count = 0;
  const source = pattern.source.replace(STAR_AND_TEXT, (_all, text: string) => {
    count += 1;
    return `(?=(?<found${count}>${STAR}${text}))\\k<found${count}>`;
  });
  return new RegExp(source, pattern.flags);
}

/** Of plain globs those that go through folders; of others each star, the most that any of the alternatives has. */
function looseParts(glob: string): number {
  const plain = glob.replaceAll(/\\./g, "a").replace(/\/\*\*$/, "");
  if (!/[[({]/.test(plain)) return plain.match(/\*\*\//g)?.length ?? 0;
  let flat = plain.replaceAll(/\[[^\]]+\]/g, "a");
  for (;;) {
    // From the innermost group outwards, each is replaced by as many stars as it stands for.
    const next = flat.replace(/([*+!]?)[({]([^(){}]*)[)}]/, (_all, repeat: string, inner: string) =>
      "a*".repeat((repeat === "" ? 0 : 1) + Math.max(...inner.split(/[,|]/).map(starsIn))),
    );
    if (next === flat) return starsIn(flat);
    flat = next;
  }
}

function starsIn(text: string): number {
  return text.match(/\*+/g)?.length ?? 0;
}
