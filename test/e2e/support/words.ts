// Whether a text is in words that a person understands.

const WORDS_MIN = 3;
/** Names out of a program, addresses, answers' codes, traces of a stack. */
const OF_A_PROGRAM =
  /\b[a-z0-9]+(?:_[a-z0-9]+)+\b|\b[a-z]+[A-Z][a-z]|\b[a-z]+\.[a-z]+_?[a-z]*\b|https?:|\bat \S*[./]\S*:\d+|\[object|\b(?:undefined|null|NaN)\b|\banswered \d{3}\b|Error\b|[{}<>]/;

/** What is wrong with it; null where nothing is. What stands in quotes is a name, and in brackets at the end what the source said. */
export function unclear(text: string): string | null {
  const own = text
    .replaceAll(/“[^”]*”/g, "“…”")
    .replace(/\([^()]*(?:\([^()]*\)[^()]*)*\)\.?$/, "")
    .trim();
  if (own.split(/\s+/).length < WORDS_MIN) return `too short: ${text}`;
  const [found] = OF_A_PROGRAM.exec(own) ?? [];
  return found === undefined ? null : `“${found}” in: ${text}`;
}
