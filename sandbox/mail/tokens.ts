// What a client says, as words and lists. Text is bytes, a character each, as they came.

export type Token = string | Token[];

/** A literal's announcement at the end of a line. */
export const LITERAL = /\{(\d{1,9})(\+?)\}$/;

/** One command: its line, with `\0{n}` where the literal `n` stands. Throws a SyntaxError on what is none. */
export function tokensOf(line: string, literals: readonly string[]): Token[] {
  let at = 0;
  const list = (until: string): Token[] => {
    const tokens: Token[] = [];
    while (at < line.length && line[at] !== until) {
      if (line[at] === " ") at += 1;
      else tokens.push(one());
    }
    at += 1;
    return tokens;
  };
  const one = (): Token => {
    if (line[at] === "(") {
      at += 1;
      return list(")");
    }
    if (line[at] === '"') return quoted();
    if (line[at] === "\0") {
      const [mark = "", index] = /^\0(\d+)\0/.exec(line.slice(at)) ?? [];
      at += mark.length;
      return literals[Number(index)] ?? "";
    }
    return atom();
  };
  const quoted = (): string => {
    const [whole = "", inner = ""] = /^"((?:[^"\\]|\\.)*)"/.exec(line.slice(at)) ?? [];
    if (whole === "") throw new SyntaxError("A quotation mark is missing.");
    at += whole.length;
    return inner.replace(/\\(.)/g, "$1");
  };
  // What stands in brackets belongs to the word before them, spaces and lists included.
  const atom = (): string => {
    const [whole = ""] = /^(?:[^\s()"[]|\[[^\]]*\])+/.exec(line.slice(at)) ?? [];
    if (whole === "") throw new SyntaxError("There is a character too many.");
    at += whole.length;
    return whole;
  };
  return list("");
}

export function textOf(token: Token | undefined): string {
  if (typeof token !== "string") throw new SyntaxError("A word is missing.");
  return token;
}

/** A set of numbers, `*` being the greatest there is. */
export function inSet(set: string, greatest: number): (n: number) => boolean {
  const ranges = set.split(",").map((part) => {
    const [one = Number.NaN, other = one] = part.split(":").map((end) => (end === "*" ? greatest : Number(end)));
    if (!(one >= 0 && other >= 0)) throw new SyntaxError("This is no set of numbers.");
    return [Math.min(one, other), Math.max(one, other)] as const;
  });
  return (n) => ranges.some(([first, last]) => n >= first && n <= last);
}

/** As a string that any client reads: quoted, or a literal where that cannot be. */
export function stringOf(text: string | null): string {
  if (text === null) return "NIL";
  return /^[\x20-\x7e]*$/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : `{${text.length}}\r\n${text}`;
}

/** Names of mailboxes, in the seven bits of IMAP4rev1. */
export function toWire(name: string): string {
  return name.replace(/&/g, "&-").replace(/[^\x20-\x7e]+/g, (run) => {
    const bytes = Buffer.from(run, "utf16le").swap16();
    return `&${bytes.toString("base64").replace(/=+$/, "").replaceAll("/", ",")}-`;
  });
}

export function fromWire(name: string): string {
  return name.replace(/&([^-]*)-/g, (_, run: string) =>
    run === "" ? "&" : Buffer.from(run.replaceAll(",", "/"), "base64").swap16().toString("utf16le"),
  );
}
