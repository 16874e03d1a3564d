// What was filled into the form of a connection. Pure, and keeps nothing: some of it is secret.
import { m } from "./messages.ts";
import type { FormField } from "./wire.ts";

/** Most that the API takes of one field: a service account's key is some kilobytes. */
export const FIELD_CHARACTERS_MAX = 20_000;
const PORT_MAX = 65_535;

/** By the fields' names. */
export type FieldErrors = Record<string, string>;

/** Never shown again, nor kept in the page. */
export function isSecret({ kind }: Pick<FormField, "kind">): boolean {
  return kind === "secret" || kind === "json";
}

/** What is sent: without empty fields, and without the blanks that come along when something is pasted. A secret is sent as it is. */
export function filledIn(fields: readonly FormField[], read: (name: string) => string): Record<string, string> {
  const values = fields.map(({ name, kind }) => [name, kind === "secret" ? read(name) : read(name).trim()] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== ""));
}

export function fieldErrors(fields: readonly FormField[], values: Readonly<Record<string, string>>): FieldErrors {
  const errors = fields.map((field) => [field.name, fieldError(field, values[field.name] ?? "")] as const);
  return Object.fromEntries(errors.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** Of an API's message that is about one field, as "fields.password: …", that field's error; null of any other. */
export function errorOfField(message: string, fields: readonly FormField[]): FieldErrors | null {
  const { name, problem } = /^fields\.(?<name>[^:]+): (?<problem>.+)$/s.exec(message)?.groups ?? {};
  return name !== undefined && problem !== undefined && fields.some((field) => field.name === name) ? { [name]: problem } : null;
}

function fieldError({ label, kind, required }: FormField, value: string): string | null {
  if (value.trim() === "") return required ? m.connect.needed(label) : null;
  if (value.length > FIELD_CHARACTERS_MAX) return m.connect.tooLong(label);
  switch (kind) {
    case "port":
      return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= PORT_MAX ? null : m.connect.noPort(PORT_MAX);
    case "email":
      return /^\S+@\S+$/.test(value) ? null : m.connect.noAddress;
    case "host":
      return /[\s/]/.test(value) ? m.connect.noHost : null;
    case "json":
      return isJsonObject(value) ? null : m.connect.noJson;
    case "text":
    case "url":
    case "secret":
      return null;
  }
}

function isJsonObject(value: string): boolean {
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
  } catch {
    // Not JSON: that is the answer.
    return false;
  }
}
