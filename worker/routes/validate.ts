import { validator } from "hono/validator";
import type { z } from "zod";
import { AppError } from "../errors.ts";

/** Checks a JSON body by a schema: the handler gets its output, the typed client must send its input. */
export function jsonBody<S extends z.ZodType>(schema: S) {
  return validator("json", (value: unknown): z.output<S> => parse(schema, value));
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
