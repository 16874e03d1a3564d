import { badRequest } from "./answers.ts";
import type { Call } from "./context.ts";

// Arguments of calls. One of the wrong type is answered in words.

type Argued = Pick<Call, "route" | "argument">;

export function textOf(call: Argued, name: string): string {
  const value = call.argument[name];
  if (value === undefined) throw badRequest(call.route, `request body: missing required field '${name}'`);
  if (typeof value !== "string") throw badRequest(call.route, `request body: ${name}: expected string, got ${typeof value}`);
  return value;
}

export function booleanOf(call: Argued, name: string): boolean {
  const value = call.argument[name] ?? false;
  if (typeof value !== "boolean") throw badRequest(call.route, `request body: ${name}: expected boolean, got ${typeof value}`);
  return value;
}

export function limitOf(call: Argued, usual: number, max: number): number {
  const value = call.argument["limit"] ?? usual;
  if (typeof value !== "number" || !Number.isInteger(value)) throw badRequest(call.route, "request body: limit: expected integer");
  if (value < 1 || value > max) throw badRequest(call.route, `request body: limit: ${value} is not within range 1 to ${max}`);
  return value;
}
