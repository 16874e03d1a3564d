import type { MiddlewareHandler } from "hono";
import { validator } from "hono/validator";
import type { z } from "zod";
import type { AppEnv } from "../context.ts";
import { AppError } from "../errors.ts";

type Json<S extends z.ZodType> = { in: { json: z.input<S> }; out: { json: z.output<S> } };

/**
 * Checks a JSON body by a schema: the handler gets its output, the typed client must send its input. No body is an empty
 * object, so that a call whose fields are all optional needs none.
 */
export function jsonBody<S extends z.ZodType>(schema: S): MiddlewareHandler<AppEnv, string, Json<S>> {
  return async (c, next) => {
    const text = await c.req.text();
    c.req.addValidatedData("json", parse(schema, text === "" ? {} : parseJson(text)) as object);
    await next();
  };
}

/** The same of a form as well, whose fields of one name are a list where there are several. */
export function formOrJson<S extends z.ZodType>(schema: S): MiddlewareHandler<AppEnv, string, Json<S>> {
  return async (c, next) => {
    const isForm = /^(application\/x-www-form-urlencoded|multipart\/form-data)/i.test(c.req.header("content-type") ?? "");
    const value: unknown = isForm ? await c.req.parseBody({ all: true }) : parseJson(await c.req.text());
    c.req.addValidatedData("json", parse(schema, value) as object);
    await next();
  };
}

/** Checks the query's parameters by a schema. */
export function query<S extends z.ZodType>(schema: S) {
  return validator("query", (value: Record<string, string | string[]>): z.output<S> => parse(schema, value));
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  throw new AppError("request.invalid", field === "" ? (issue?.message ?? "Invalid.") : `${field}: ${issue?.message}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("request.invalid", "The body is not JSON.", { cause });
  }
}
