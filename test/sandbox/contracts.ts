import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

// The vendors' own descriptions of their APIs, where `CONTRACTS_DIR` names a folder with them: they are not part of this repository.

/** The parsed file; undefined where it is not at hand. */
export function readContract(path: string): unknown {
  const dir = process.env["CONTRACTS_DIR"];
  const file = dir === undefined ? undefined : join(dir, path);
  return file !== undefined && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as unknown) : undefined;
}

/** A schema of a Google discovery document. */
type Schema = {
  type?: string;
  $ref?: string;
  format?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
};

/** What in an answer contradicts a schema of a discovery document, each with its place. */
export function discoveryProblems(document: unknown, name: string, value: unknown): string[] {
  const { schemas } = document as { schemas: Record<string, Schema> };
  const visit = (schema: Schema | undefined, at: string, given: unknown): string[] => {
    if (schema === undefined) return [`${at} is not in the contract`];
    if (schema.$ref !== undefined) return visit(schemas[schema.$ref], at, given);
    if (schema.type === "array") {
      return Array.isArray(given) ? given.flatMap((one, i) => visit(schema.items, `${at}[${i}]`, one)) : [`${at} is no array`];
    }
    if (schema.type === "object") {
      if (typeof given !== "object" || given === null || Array.isArray(given)) return [`${at} is no object`];
      return Object.entries(given).flatMap(([key, one]) =>
        visit(schema.properties?.[key] ?? schema.additionalProperties, `${at}.${key}`, one),
      );
    }
    const type = schema.type === "integer" ? "number" : schema.type;
    if (type !== undefined && type !== "any" && typeof given !== type) return [`${at} is a ${typeof given}, not a ${type}`];
    if (schema.format === "int64" && !/^-?\d+$/.test(String(given))) return [`${at} is no number`];
    if (schema.format === "date-time" && Number.isNaN(Date.parse(String(given)))) return [`${at} is no time`];
    return [];
  };
  return visit(schemas[name], name, value);
}
