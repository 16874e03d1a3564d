// Jira's query language, as far as it is played: conditions, parentheses, AND, OR, NOT, lists, the order.

export type Operand = { text: string; quoted: boolean };
export type Condition =
  | { kind: "and" | "or"; all: Condition[] }
  | { kind: "not"; one: Condition }
  | { kind: "clause"; field: string; operator: string; operands: Operand[] };
export type Query = { where: Condition | undefined; order: { field: string; descending: boolean }[] };

export class JqlError extends Error {}

type Token = { text: string; quoted: boolean; at: number };

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(>=|<=|!=|!~|[=<>~(),]|&&|\|\||!)|([^\s=<>~!(),"'&|]+))/y;
const ORDER_FIELDS_MAX = 7;

/** Throws a JqlError, in Jira's words. */
export function parseJql(text: string): Query {
  const tokens = tokensOf(text);
  let next = 0;
  const peek = (word: string): boolean => {
    const token = tokens[next];
    return token !== undefined && !token.quoted && token.text.toLowerCase() === word;
  };
  const take = (word: string): boolean => peek(word) && ++next > 0;
  const expect = (what: string): Token => {
    const token = tokens[next++];
    if (token === undefined) throw new JqlError(`Error in the JQL Query: Expecting ${what} before the end of the query.`);
    return token;
  };
  const either = (): Condition => joined("or", ["or", "||"], both);
  const both = (): Condition => joined("and", ["and", "&&"], one);
  const joined = (kind: "and" | "or", words: readonly string[], part: () => Condition): Condition => {
    const all = [part()];
    while (words.some(take)) all.push(part());
    return all.length === 1 && all[0] !== undefined ? all[0] : { kind, all };
  };
  const one = (): Condition => {
    if (take("not") || take("!")) return { kind: "not", one: one() };
    if (!take("(")) return clause();
    const inner = either();
    if (!take(")")) throw new JqlError("Error in the JQL Query: Expecting ')' before the end of the query.");
    return inner;
  };
  const clause = (): Condition => {
    const field = expect("a field name").text;
    const operator = operatorOf();
    const operands = operator.endsWith("in") ? list() : [operand()];
    return { kind: "clause", field, operator, operands };
  };
  const operatorOf = (): string => {
    const token = expect("an operator");
    const word = token.text.toLowerCase();
    if (word === "not" && take("in")) return "not in";
    if (word === "is") return take("not") ? "is not" : "is";
    if (!token.quoted && ["=", "!=", ">", ">=", "<", "<=", "~", "!~", "in"].includes(word)) return word;
    throw new JqlError(`Error in the JQL Query: Expecting operator but got '${token.text}'. (line 1, character ${token.at + 1})`);
  };
  const list = (): Operand[] => {
    if (!take("(")) throw new JqlError("Error in the JQL Query: Expecting '(' to start a list.");
    const operands = [operand()];
    while (take(",")) operands.push(operand());
    if (!take(")")) throw new JqlError("Error in the JQL Query: Expecting ')' to end a list.");
    return operands;
  };
  const operand = (): Operand => {
    const { text: value, quoted } = expect("a value");
    if (quoted || !take("(")) return { text: value, quoted };
    if (!take(")")) throw new JqlError(`Error in the JQL Query: Function '${value}' takes no arguments here.`);
    return { text: `${value}()`, quoted };
  };

  const where = tokens.length === 0 || peek("order") ? undefined : either();
  const order: Query["order"] = [];
  if (take("order")) {
    if (!take("by")) throw new JqlError("Error in the JQL Query: Expecting 'BY'.");
    do {
      const field = expect("a field name").text.toLowerCase();
      order.push({ field, descending: take("desc") || (take("asc") && false) });
    } while (take(","));
  }
  const left = tokens[next];
  if (left !== undefined)
    throw new JqlError(`Error in the JQL Query: Expecting either 'OR' or 'AND' but got '${left.text}'. (line 1, character ${left.at + 1})`);
  if (order.length > ORDER_FIELDS_MAX) throw new JqlError(`A query is ordered by ${ORDER_FIELDS_MAX} fields at most.`);
  return { where, order };
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; text.slice(at).trim() !== ""; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null)
      throw new JqlError(`Error in the JQL Query: The character '${text.slice(at).trim()[0]}' is a reserved JQL character.`);
    const [, quoted, symbol, word] = match;
    const value = quoted === undefined ? (symbol ?? word ?? "") : quoted.slice(1, -1).replaceAll(/\\(.)/g, "$1");
    tokens.push({ text: value, quoted: quoted !== undefined, at });
  }
  return tokens;
}
