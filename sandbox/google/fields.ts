import { invalidValue } from "./drive-error.ts";

// Partial responses: `nextPageToken,files(id,owners/displayName)`. What is named and not there is left out.

type Selection = Map<string, Selection | "all">;

const MESSAGE = "Invalid field selection";

/** Keeps of an answer what `fields` names; all of it where that is a star. Throws 400 where the text makes no sense. */
export function selectFields(answer: object, fields: string): unknown {
  const parser = new Parser(fields);
  const selection = parser.list();
  if (!parser.done) throw invalidValue("fields", `${MESSAGE} ${fields}`);
  return pick(answer, selection);
}

class Parser {
  readonly #tokens: string[];

  constructor(text: string) {
    this.#tokens = text.match(/[\w#*]+|[(),/]|\S/g) ?? [];
  }

  get done(): boolean {
    return this.#tokens.length === 0;
  }

  list(): Selection {
    const selection: Selection = new Map();
    do this.#one(selection);
    while (this.#take(","));
    return selection;
  }

  #one(into: Selection): void {
    const name = this.#tokens.shift() ?? "";
    if (!/^[\w#*]+$/.test(name)) throw invalidValue("fields", `${MESSAGE} ${name}`);
    if (this.#take("/")) {
      const below: Selection = new Map();
      this.#one(below);
      merge(into, name, below);
    } else if (this.#take("(")) {
      merge(into, name, this.list());
      if (!this.#take(")")) throw invalidValue("fields", `${MESSAGE} ${name}`);
    } else into.set(name, "all");
  }

  #take(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }
}

function merge(into: Selection, name: string, below: Selection): void {
  const before = into.get(name);
  if (before === "all") return;
  into.set(name, new Map([...(before ?? []), ...below]));
}

function pick(value: unknown, selection: Selection): unknown {
  if (Array.isArray(value)) return value.map((one) => pick(one, selection));
  if (typeof value !== "object" || value === null) return value;
  const everything = selection.get("*");
  const kept = Object.entries(value).flatMap(([name, one]) => {
    const below = selection.get(name) ?? everything;
    return below === undefined ? [] : [[name, below === "all" ? one : pick(one, below)] as const];
  });
  return Object.fromEntries(kept);
}
