/** As much of OpenAPI 3.0 as descriptions of answers use. */
type Schema = {
  $ref?: string;
  type?: string;
  nullable?: boolean;
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
type Response = { content?: Record<string, { schema?: Schema }> };
type Document = {
  paths: Record<string, Record<string, { responses: Record<string, Response> }>>;
  components: { schemas: Record<string, Schema> };
};

/** What in the answer to a GET of this path contradicts its description, each with its place. `extra`: fields that it does not know yet. */
export function openApiProblems(document: unknown, path: string, value: unknown, extra: readonly string[] = []): string[] {
  const { paths, components } = document as Document;
  const schema = paths[path]?.["get"]?.responses["200"]?.content?.["application/json"]?.schema;
  if (schema === undefined) return [`GET ${path} is not in the contract`];
  const resolve = (one: Schema): Schema => {
    const name = one.$ref?.split("/").at(-1);
    const named = name === undefined ? one : resolve(components.schemas[name] ?? {});
    if (named.allOf === undefined) return named;
    const parts = named.allOf.map(resolve);
    return {
      ...named,
      type: "object",
      properties: merged([named, ...parts]),
      required: parts.flatMap(({ required }) => required ?? []),
    };
  };
  const visit = (given: Schema, at: string, one: unknown): string[] => {
    const known = resolve(given);
    const choices = known.oneOf ?? known.anyOf;
    if (choices !== undefined) {
      const outcomes = choices.map((choice) => visit(choice, at, one));
      return outcomes.some((problems) => problems.length === 0) ? [] : (outcomes[0] ?? []);
    }
    // Many of Atlassian's fields are null though their description does not say so.
    if (one === null) return [];
    if (known.enum !== undefined && !known.enum.includes(one)) return [`${at} is ${JSON.stringify(one)}, none of ${known.enum.join(", ")}`];
    if (known.type === "array")
      return Array.isArray(one) ? one.flatMap((each, i) => visit(known.items ?? {}, `${at}[${i}]`, each)) : [`${at} is no array`];
    if (known.type === "object" || known.properties !== undefined) {
      if (typeof one !== "object" || Array.isArray(one)) return [`${at} is no object`];
      const missing = (known.required ?? []).filter((name) => !(name in one)).map((name) => `${at}.${name} is missing`);
      const wrong = Object.entries(one).flatMap(([name, each]) => {
        const property = known.properties?.[name] ?? known.additionalProperties;
        if (property === undefined || property === false) return extra.includes(name) ? [] : [`${at}.${name} is not in the contract`];
        return property === true ? [] : visit(property, `${at}.${name}`, each);
      });
      return [...missing, ...wrong];
    }
    const type = known.type === "integer" ? "number" : known.type;
    if (type !== undefined && typeof one !== type) return [`${at} is a ${typeof one}, not a ${type}`];
    if (known.format === "date-time" && Number.isNaN(Date.parse(String(one)))) return [`${at} is no time`];
    return [];
  };
  return visit(schema, "answer", value);
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
