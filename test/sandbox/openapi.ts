import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** A schema of OpenAPI 3, as far as vendors' descriptions of answers use it. */
type Schema = {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  format?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
};
type Described = { responses: Record<string, { content?: Record<string, { schema?: Schema }> }> };
export type OpenApi = { paths: Record<string, Record<string, Described>>; components: { schemas: Record<string, Schema> } };

export type Strictness = {
  /** Whether a field that is not described contradicts. Without it only what a schema forbids by name does. */
  closed?: boolean;
  /** Fields that have come since the description at hand. */
  extra?: readonly string[];
  /** Whether a field may be null though nothing says so: of Atlassian's many are. */
  nulls?: boolean;
};

/** A description in YAML, where `CONTRACTS_DIR` names a folder with it: none is part of this repository. */
export function readOpenApi(path: string): OpenApi | undefined {
  const dir = process.env["CONTRACTS_DIR"];
  const file = dir === undefined ? undefined : join(dir, path);
  return file !== undefined && existsSync(file) ? (parse(readFileSync(file, "utf8")) as OpenApi) : undefined;
}

/** What in a value contradicts the schema of this name, each with its place. */
export function schemaProblems(document: unknown, name: string, value: unknown, strictness: Strictness = {}): string[] {
  const schema = (document as OpenApi).components.schemas[name];
  return schema === undefined ? [`${name} is not in the contract`] : problems(document as OpenApi, schema, name, value, strictness);
}

/** What in the answer to a GET of this path contradicts its description, each with its place. */
export function answerProblems(document: unknown, path: string, value: unknown, strictness: Strictness = {}): string[] {
  const described = (document as OpenApi).paths[path]?.["get"]?.responses["200"];
  const schema = described?.content?.["application/json"]?.schema;
  return schema === undefined ? [`GET ${path} is not in the contract`] : problems(document as OpenApi, schema, "answer", value, strictness);
}

function problems(
  { components }: OpenApi,
  schema: Schema,
  place: string,
  value: unknown,
  { closed = false, extra = [], nulls = false }: Strictness,
) {
  const resolve = (one: Schema): Schema => {
    const name = one.$ref?.split("/").at(-1);
    const named = name === undefined ? one : resolve(components.schemas[name] ?? {});
    if (named.allOf === undefined) return named;
    const parts = named.allOf.map(resolve);
    return { ...named, type: "object", properties: merged([named, ...parts]), required: parts.flatMap(({ required }) => required ?? []) };
  };
  const visit = (given: Schema, at: string, one: unknown): string[] => {
    const known = resolve(given);
    const choices = known.oneOf ?? known.anyOf;
    if (choices !== undefined) return fewest(choices.map((choice) => visit(choice, at, one)));
    if (one === null && nulls) return [];
    if (known.enum?.includes(one) === false) return [`${at} is ${JSON.stringify(one)}, none of ${known.enum.join(", ")}`];
    if (known.type === "array")
      return Array.isArray(one) ? one.flatMap((each, i) => visit(known.items ?? {}, `${at}[${i}]`, each)) : [`${at} is no array`];
    if (known.type === "object" || known.properties !== undefined) return visitObject(known, at, one);
    const type = known.type === "integer" ? "number" : known.type;
    if (type !== undefined && typeof one !== type) return [`${at} is a ${typeof one}, not a ${type}`];
    if (known.type === "integer" && !Number.isInteger(one)) return [`${at} is no whole number`];
    return known.format === "date-time" && Number.isNaN(Date.parse(String(one))) ? [`${at} is no time`] : [];
  };
  const visitObject = ({ properties, additionalProperties: more, required = [] }: Schema, at: string, one: unknown): string[] => {
    if (typeof one !== "object" || one === null || Array.isArray(one)) return [`${at} is no object`];
    const missing = required.filter((name) => !(name in one)).map((name) => `${at}.${name} is missing`);
    const isClosed = more === false || (closed && more === undefined && properties !== undefined);
    const wrong = Object.entries(one).flatMap(([name, each]) => {
      const own = properties?.[name] ?? (typeof more === "object" ? more : undefined);
      if (own !== undefined) return visit(own, `${at}.${name}`, each);
      return isClosed && !extra.includes(name) ? [`${at}.${name} is not in the contract`] : [];
    });
    return [...missing, ...wrong];
  };
  return visit(schema, place, value);
}

/** A property that several parts describe is all of what they say. */
function merged(parts: readonly Schema[]): Record<string, Schema> {
  const properties: Record<string, Schema> = {};
  for (const [name, schema] of parts.flatMap((part) => Object.entries(part.properties ?? {}))) {
    const before = properties[name];
    properties[name] = before === undefined ? schema : { allOf: [before, schema] };
  }
  return properties;
}

const fewest = (answers: string[][]): string[] => answers.reduce((best, one) => (one.length < best.length ? one : best));
