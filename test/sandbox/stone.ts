import { expect } from "vitest";

// Dropbox's description of its API, in its own language Stone: as much of it as says which fields a struct has, and of which kind.

type Field = { name: string; type: string; optional: boolean };
type Struct = { base: string | undefined; fields: Field[] };
export type Stone = ReadonlyMap<string, Struct>;

const STRUCT = /^struct (\w+)(?: extends (?:\w+\.)?(\w+))?/;
const FIELD = /^ {4}(\w+) ([\w.]+(?:\([^)]*(?:\([^)]*\))?[^)]*\))?)(\?)?( = .+)?$/;

export function parseStone(texts: readonly string[]): Stone {
  const structs = new Map<string, Struct>();
  for (const text of texts) {
    let current: Struct | undefined;
    for (const line of text.split("\n")) {
      const [, name, base] = STRUCT.exec(line) ?? [];
      if (name !== undefined) structs.set(name, (current = { base, fields: [] }));
      else if (/^\S/.test(line)) current = undefined;
      const [, field, type, optional, standard] = FIELD.exec(line) ?? [];
      if (current && field !== undefined && type !== undefined && field !== "example")
        current.fields.push({ name: field, type, optional: optional === "?" || standard !== undefined });
    }
  }
  return structs;
}

/** Expects that a value has what the struct must have, and nothing that it does not know. */
export function expectStruct(stone: Stone, name: string, value: object): void {
  const fields = fieldsOf(stone, name);
  expect(fields.length, `the description of ${name}`).toBeGreaterThan(0);
  const given = value as Record<string, unknown>;
  const names = new Set([".tag", ...fields.map((field) => field.name)]);
  expect(
    Object.keys(given).filter((key) => !names.has(key)),
    `fields that ${name} does not have`,
  ).toEqual([]);
  for (const { name: key, type, optional } of fields) {
    if (given[key] === undefined) expect(optional, `${name}.${key} is left out`).toBe(true);
    else expect(isOf(type, given[key]), `${name}.${key} is ${type}: ${JSON.stringify(given[key])}`).toBe(true);
  }
}

function fieldsOf(stone: Stone, name: string): Field[] {
  const struct = stone.get(name);
  return struct === undefined ? [] : [...(struct.base === undefined ? [] : fieldsOf(stone, struct.base)), ...struct.fields];
}

function isOf(type: string, value: unknown): boolean {
  if (/^(U?Int\d\d|Float\d\d)/.test(type)) return typeof value === "number";
  if (type.startsWith("String")) return typeof value === "string";
  if (type.startsWith("Boolean")) return typeof value === "boolean";
  if (type.startsWith("List(")) return Array.isArray(value);
  if (type.endsWith("DropboxTimestamp")) return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(String(value));
  if (type.endsWith("Sha256HexHash")) return /^[0-9a-f]{64}$/.test(String(value));
  if (type === "Rev") return /^[0-9a-f]{9,}$/.test(String(value));
  return value !== null;
}
