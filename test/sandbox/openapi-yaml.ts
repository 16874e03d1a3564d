import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

// Vendors' OpenAPI descriptions in YAML, where `CONTRACTS_DIR` names a folder with them: they are not part of this repository.

type Schema = {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  items?: Schema;
  oneOf?: Schema[];
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
};
export type OpenApi = { components: { schemas: Record<string, Schema> } };

/** The parsed file; undefined where it is not at hand. */
export function readOpenApi(path: string): OpenApi | undefined {
  const dir = process.env["CONTRACTS_DIR"];
  const file = dir === undefined ? undefined : join(dir, path);
  return file !== undefined && existsSync(file) ? (parse(readFileSync(file, "utf8")) as OpenApi) : undefined;
}

/** What in an answer contradicts a schema, each with its place: what is missing, of another type, or not described at all. */
export function openApiProblems({ components }: OpenApi, name: string, value: unknown): string[] {
  const visit = (schema: Schema | undefined, at: string, given: unknown): string[] => {
    if (schema === undefined) return [`${at} is not in the contract`];
    if (schema.$ref !== undefined) return visit(components.schemas[schema.$ref.split("/").at(-1) ?? ""], at, given);
    if (schema.oneOf)
      return schema.oneOf.map((one) => visit(one, at, given)).reduce((best, one) => (one.length < best.length ? one : best));
    if (schema.enum && !schema.enum.includes(given)) return [`${at} is ${JSON.stringify(given)}, which is none of the contract's`];
    if (schema.type === "array") {
      return Array.isArray(given) ? given.flatMap((one, i) => visit(schema.items, `${at}[${i}]`, one)) : [`${at} is no array`];
    }
    if (schema.properties !== undefined) return visitObject(schema, at, given);
    const type = schema.type === "integer" ? "number" : schema.type;
    if (type !== undefined && type !== "object" && typeof given !== type) return [`${at} is a ${typeof given}, not a ${type}`];
    if (schema.format === "date-time" && Number.isNaN(Date.parse(String(given)))) return [`${at} is no time`];
    return [];
  };
  const visitObject = (schema: Schema, at: string, given: unknown): string[] => {
    if (typeof given !== "object" || given === null || Array.isArray(given)) return [`${at} is no object`];
    const missing = (schema.required ?? []).filter((key) => !(key in given)).map((key) => `${at}.${key} is missing`);
    return [...missing, ...Object.entries(given).flatMap(([key, one]) => visit(schema.properties?.[key], `${at}.${key}`, one))];
  };
  return visit(components.schemas[name], name, value);
}
