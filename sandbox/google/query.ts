import { invalidValue } from "./drive-error.ts";

// The search language of `files.list` and `drives.list`, as far as clients of this sandbox use it.

/** What of a file a query can ask about. */
export type Searched = {
  name: string;
  mimeType: string;
  trashed: boolean;
  modifiedTime: string;
  parents: readonly string[];
  owners: readonly string[];
  sharedWithMe: boolean;
};

type Predicate = (file: Searched) => boolean;
/** `parents`: only children of these can match; undefined where the query says nothing of the kind. `live`: nothing trashed can. */
export type Query = { matches: Predicate; parents: readonly string[] | undefined; live: boolean };
type Node = Query;

const TOKEN = /'(?:\\.|[^'\\])*'|>=|<=|!=|[=<>()]|[A-Za-z]+|\S/g;

/** Throws 400 where the text makes no sense, or asks for what is not played here. */
export function parseQuery(text: string | null): Query {
  if (text === null || text.trim() === "") return { matches: () => true, parents: undefined, live: false };
  const tokens = text.match(TOKEN) ?? [];
  const query = either(tokens);
  if (tokens.length > 0) throw refused();
  return query;
}

const refused = () => invalidValue("q");

function either(tokens: string[]): Node {
  let node = both(tokens);
  while (takeWord(tokens, "or")) {
    const [one, other] = [node, both(tokens)];
    node = {
      matches: (file) => one.matches(file) || other.matches(file),
      parents: one.parents && other.parents ? [...one.parents, ...other.parents] : undefined,
      live: one.live && other.live,
    };
  }
  return node;
}

function both(tokens: string[]): Node {
  let node = single(tokens);
  while (takeWord(tokens, "and")) {
    const [one, other] = [node, single(tokens)];
    node = {
      matches: (file) => one.matches(file) && other.matches(file),
      parents: one.parents ?? other.parents,
      live: one.live || other.live,
    };
  }
  return node;
}

function single(tokens: string[]): Node {
  if (takeWord(tokens, "not")) {
    const { matches } = single(tokens);
    return { matches: (file) => !matches(file), parents: undefined, live: false };
  }
  if (tokens[0] === "(") {
    tokens.shift();
    const node = either(tokens);
    if (tokens.shift() !== ")") throw refused();
    return node;
  }
  return term(tokens);
}

function term(tokens: string[]): Node {
  const [left = "", operator = "", right = ""] = tokens.splice(0, 3);
  const of = (matches: Predicate, more: Partial<Node> = {}): Node => ({ matches, parents: undefined, live: false, ...more });
  if (operator === "in") {
    const value = textOf(left);
    if (right === "parents") return of(({ parents }) => parents.includes(value), { parents: [value] });
    if (right === "owners") return of(({ owners }) => owners.includes(value));
    throw refused();
  }
  switch (left) {
    case "trashed":
    case "sharedWithMe": {
      if (!["=", "!="].includes(operator) || !["true", "false"].includes(right)) throw refused();
      const wanted = (right === "true") === (operator === "=");
      return of((file) => file[left] === wanted, { live: left === "trashed" && !wanted });
    }
    case "name":
    case "mimeType":
    case "modifiedTime":
      return of(comparison(left, operator, textOf(right)));
    default:
      throw refused();
  }
}

function comparison(field: "name" | "mimeType" | "modifiedTime", operator: string, value: string): Predicate {
  if (field === "modifiedTime") {
    const time = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(value) ? value : `${value}Z`);
    if (Number.isNaN(time)) throw refused();
    const compare = TIME_OPERATORS[operator];
    if (!compare) throw refused();
    return (file) => compare(Date.parse(file.modifiedTime), time);
  }
  if (operator === "=") return (file) => file[field] === value;
  if (operator === "!=") return (file) => file[field] !== value;
  if (operator === "contains") return (file) => contains(file[field], value, field === "name");
  throw refused();
}

const TIME_OPERATORS: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  "=": (one, other) => one === other,
  "!=": (one, other) => one !== other,
  ">": (one, other) => one > other,
  ">=": (one, other) => one >= other,
  "<": (one, other) => one < other,
  "<=": (one, other) => one <= other,
};

// Names are searched by the beginnings of their words only.
function contains(text: string, value: string, byWords: boolean): boolean {
  const [folded, wanted] = [text.toLowerCase(), value.toLowerCase()];
  if (!byWords) return folded.includes(wanted);
  for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}]/u.test(folded.charAt(at - 1))) return true;
  }
  return false;
}

function textOf(token: string): string {
  if (!/^'.*'$/s.test(token)) throw refused();
  return token.slice(1, -1).replace(/\\(.)/gs, "$1");
}

function takeWord(tokens: string[], word: string): boolean {
  if (tokens[0]?.toLowerCase() !== word) return false;
  tokens.shift();
  return true;
}
