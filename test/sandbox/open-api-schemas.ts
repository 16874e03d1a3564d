/** A schema of OpenAPI 3, as far as vendors' descriptions use it. */
type Schema = {
  type?: string;
  $ref?: string;
  format?: string;
  enum?: unknown[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  required?: string[];
  allOf?: Schema[];
  nullable?: boolean;
};

/** What in an answer contradicts a schema of an OpenAPI document, each with its place. */
export function schemaProblems(document: unknown, name: string, value: unknown): string[] {
  const { schemas } = (document as { components: { schemas: Record<string, Schema> } }).components;
  const visit = (schema: Schema | undefined, at: string, given: unknown): string[] => {
    if (schema === undefined) return [`${at} is not in the contract`];
    if (schema.$ref !== undefined) return visit(schemas[schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)], at, given);
    if (schema.allOf !== undefined) return schema.allOf.flatMap((one) => visit(one, at, given));
    // Fields without a value are null, whatever their schema says.
    if (given === null || schema.type === undefined) return [];
    if (schema.enum?.includes(given) === false) return [`${at} is ${JSON.stringify(given)}, which is none of the contract's values`];
    if (schema.type === "array") {
      return Array.isArray(given) ? given.flatMap((one, i) => visit(schema.items, `${at}[${i}]`, one)) : [`${at} is no array`];
    }
    if (schema.type === "object") return object(schema, at, given);
    const type = schema.type === "integer" ? "number" : schema.type;
    if (typeof given !== type) return [`${at} is a ${typeof given}, not a ${type}`];
    return schema.type === "integer" && !Number.isInteger(given) ? [`${at} is no whole number`] : [];
  };
  const object = (schema: Schema, at: string, given: unknown): string[] => {
    if (typeof given !== "object" || Array.isArray(given)) return [`${at} is no object`];
    const missing = (schema.required ?? []).filter((key) => !(key in (given as object))).map((key) => `${at} lacks ${key}`);
    const { additionalProperties: more } = schema;
    const below = Object.entries(given as object).flatMap(([key, one]) => {
      const own = schema.properties?.[key] ?? (typeof more === "object" ? more : undefined);
      if (own !== undefined) return visit(own, `${at}.${key}`, one);
      return more === false ? [`${at}.${key} is not in the contract`] : [];
    });
    return [...missing, ...below];
  };
  return visit(schemas[name], name, value);
}
