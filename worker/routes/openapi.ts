import { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../context.ts";
import { randomSecret } from "../ids.ts";
import { scopeOf } from "../scopes.ts";
import { API_BASE } from "./api.ts";
import type { Operation } from "./operations.ts";
import { NAMED_SHAPES, OPERATIONS } from "./operations.ts";
import { referencePage } from "./reference/page.ts";

const SCHEMAS = "#/components/schemas/";

/** GET /api/openapi.json and /api/docs: what the API is, for programs and for people. */
export const openapiRoutes = new Hono<AppEnv>()
  .get("/openapi.json", (c) => c.json(openapiDocument(c.env.ORIGIN)))
  .get("/docs", (c) => {
    const nonce = randomSecret();
    c.header(
      "content-security-policy",
      `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    return c.html(referencePage(nonce, c.env.ORIGIN, API_BASE));
  });

/** The API as an OpenAPI 3.1 document, from the same schemas that requests are checked by. */
function openapiDocument(origin: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of OPERATIONS) (paths[API_BASE + operation.path] ??= {})[operation.method] = describe(operation);
  return {
    openapi: "3.1.0",
    info: {
      title: "Tidemark",
      version: "1",
      description: "Keeps an exact, current, provable copy of the files that people have in clouds they do not control.",
    },
    servers: [{ url: origin }],
    security: [{ session: [] }, { bearerAuth: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(NAMED_SHAPES).map(([name, shape]) => [name, jsonSchema(shape, "output")])),
      securitySchemes: {
        session: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-tidemark",
          description: "Of a browser; what changes something must come from Tidemark's own pages",
        },
        bearerAuth: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "tdm_…",
          description: "A token of POST /api/v1/tokens, with the scope that is named",
        },
      },
    },
  };
}

function describe({ method, path, summary, query, body, status = 200, also = {}, answer }: Operation): object {
  const scope = scopeOf(method, path);
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: "path", required: true, schema: { type: "string" } }));
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({ name, in: "query", schema: jsonSchema(schema, "input") }));
  return {
    summary,
    security: [{ session: [] }, ...(scope === "session" ? [] : [{ bearerAuth: [scope] }])],
    parameters: [...inPath, ...inQuery],
    ...(body === undefined ? {} : { requestBody: { content: { "application/json": { schema: jsonSchema(body, "input") } } } }),
    responses: {
      [status]: { description: summary, ...(answer === null ? {} : { content: contentOf(answer) }) },
      ...Object.fromEntries(Object.entries(also).map(([code, description]) => [code, { description }])),
      default: { description: "What went wrong", content: { "application/json": { schema: { $ref: `${SCHEMAS}Error` } } } },
    },
  };
}

function contentOf(answer: NonNullable<Operation["answer"]>): object {
  if ("mediaType" in answer) return { [answer.mediaType]: {} };
  if ("schema" in answer) return { "application/json": { schema: jsonSchema(answer.schema, "output") } };
  if ("shape" in answer) return { "application/json": { schema: { $ref: SCHEMAS + answer.shape } } };
  const items = { type: "array", items: { $ref: SCHEMAS + answer.listOf } };
  const properties = { items, cursor: { type: ["string", "null"] } };
  return { "application/json": { schema: { type: "object", properties, required: ["items", "cursor"] } } };
}

function jsonSchema(schema: z.core.$ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
