// A JSON schema in words: types as one would say them, and the fields of objects, one after another. No I/O.

/** Deeper fields are named by their type alone. */
const DEPTH_MAX = 4;

export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  default?: unknown;
  additionalProperties?: Schema | boolean;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

/** A part of a type's text: words, a value as it is written, or the name of a shape. */
export type Word = { text: string } | { value: string } | { shape: string };

export interface FieldRow {
  /** From the body's root: `usage.bytes`, `items[].id`. */
  path: string;
  depth: number;
  required: boolean;
  type: Word[];
  /** Limits and the value where it is left out. */
  notes: string;
}

/** The name of a shape that a schema is exactly, if it is one. */
export type ShapeOf = (schema: Schema) => string | undefined;

export function typeWords(schema: Schema, shapeOf: ShapeOf): Word[] {
  const shape = shapeOf(schema);
  if (shape !== undefined) return [{ shape }];
  if (schema.const !== undefined) return [{ value: JSON.stringify(schema.const) }];
  if (schema.enum) return joined(schema.enum.map((value) => [{ value: JSON.stringify(value) }]));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return joined(choices.map((choice) => typeWords(choice, shapeOf)));
  if (Array.isArray(schema.type)) return joined(schema.type.map((type) => typeWords({ ...schema, type }, shapeOf)));
  switch (schema.type) {
    case "array":
      return [{ text: "list of " }, ...typeWords(schema.items ?? {}, shapeOf)];
    case "object":
      return schema.properties === undefined && typeof schema.additionalProperties === "object"
        ? [{ text: "object with values of " }, ...typeWords(schema.additionalProperties, shapeOf)]
        : [{ text: "object" }];
    case "string":
      return [{ text: formatWord(schema.format) }];
    case undefined:
      return [{ text: "anything" }];
    default:
      return [{ text: schema.type }];
  }
}

/** The fields of an object, those of what is in it included; none where it is no object, or a shape of its own below the root. */
export function fieldRows(schema: Schema, shapeOf: ShapeOf): FieldRow[] {
  return rowsOf(schema, shapeOf, "", 0);
}

/** A value that the schema takes, with what it needs and no more. */
export function exampleOf(schema: Schema, name = ""): unknown {
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice) return exampleOf(choice, name);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "object": {
      const needed = Object.entries(schema.properties ?? {}).filter(([field]) => schema.required?.includes(field));
      return Object.fromEntries(needed.map(([field, inner]) => [field, exampleOf(inner, field)]));
    }
    case "array":
      return [exampleOf(schema.items ?? {}, name)];
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    case "boolean":
      return true;
    default:
      return name === "" ? "…" : `{${name}}`;
  }
}

function rowsOf(schema: Schema, shapeOf: ShapeOf, path: string, depth: number): FieldRow[] {
  if (depth >= DEPTH_MAX) return [];
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices)
    return distinct(choices.flatMap((choice) => (depth > 0 && shapeOf(choice) !== undefined ? [] : rowsOf(choice, shapeOf, path, depth))));
  if (schema.items) return rowsBelow(schema.items, shapeOf, `${path}[]`, depth);
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const at = path === "" ? name : `${path}.${name}`;
    const row = {
      path: at,
      depth,
      required: schema.required?.includes(name) === true,
      type: typeWords(inner, shapeOf),
      notes: notesOf(inner),
    };
    return [row, ...rowsBelow(inner, shapeOf, at, depth + 1)];
  });
}

function rowsBelow(schema: Schema, shapeOf: ShapeOf, path: string, depth: number): FieldRow[] {
  return shapeOf(schema) === undefined ? rowsOf(schema, shapeOf, path, depth) : [];
}

/** Choices of objects have fields in common. */
function distinct(rows: readonly FieldRow[]): FieldRow[] {
  const known = new Map<string, FieldRow>();
  for (const row of rows) {
    const key = `${row.path} ${JSON.stringify(row.type)}`;
    if (!known.has(key)) known.set(key, row);
  }
  return [...known.values()];
}

function notesOf(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  const notes = [
    range(minimum, maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum, ""),
    range(minLength, maxLength, " characters"),
    range(minItems, maxItems, " entries"),
    schema.default === undefined ? "" : `else ${JSON.stringify(schema.default)}`,
  ];
  return notes.filter((note) => note !== "").join(", ");
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (least !== undefined && most !== undefined) return `${least} to ${most}${unit}`;
  if (most !== undefined) return `at most ${most}${unit}`;
  return least === undefined || least <= 0 ? "" : `at least ${least}${unit}`;
}

function joined(choices: readonly Word[][]): Word[] {
  return choices.flatMap((words, index) => (index === 0 ? words : [{ text: " or " }, ...words]));
}

function formatWord(format: string | undefined): string {
  if (format === "date-time") return "time (ISO 8601)";
  return format === "uri" || format === "email" ? format : "string";
}
