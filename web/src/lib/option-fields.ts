// A provider's options as fields of a form, from their JSON Schema. Pure.
import { m } from "./messages.ts";

interface Named {
  name: string;
  label: string;
  help: string | undefined;
  /** Whether it has to be sent even as it is at the start: nothing holds without it. */
  needed: boolean;
}

export type OptionField =
  | (Named & { kind: "switch"; start: boolean })
  | (Named & { kind: "choice"; start: string; choices: readonly { value: string; label: string }[] })
  | (Named & { kind: "text"; start: string; charactersMax: number });

/** By the fields' names. */
export type OptionValues = Record<string, string | boolean>;

const CHARACTERS_MAX = 300;
const UNSET = { value: "", label: m.options.unset };

/** Switches, choices and texts of a flat object. What is of another kind is left to its default. */
export function optionFields(schema: Record<string, unknown> | null): OptionField[] {
  if (schema === null || !isRecord(schema["properties"])) return [];
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(schema["properties"]).flatMap(([name, property]) =>
    isRecord(property) ? (toField(name, property, required.includes(name)) ?? []) : [],
  );
}

/** What holds at the start; of what was set before, that. */
export function startValues(fields: readonly OptionField[], set: Readonly<Record<string, unknown>> = {}): OptionValues {
  return Object.fromEntries(
    fields.map(({ name, start }) => {
      const value = set[name];
      return [name, typeof value === typeof start ? (value as string | boolean) : start];
    }),
  );
}

/** What differs from what holds anyway. */
export function changedOptions(fields: readonly OptionField[], values: OptionValues): OptionValues {
  const changed = fields.flatMap(({ name, start, needed }): [string, string | boolean][] => {
    const value = values[name];
    const given = typeof value === "string" ? value.trim() : value;
    return given === undefined || (given === start && !needed) ? [] : [[name, given]];
  });
  return Object.fromEntries(changed);
}

function toField(name: string, property: Record<string, unknown>, required: boolean): OptionField | null {
  const { type, title, description, maxLength } = property;
  const start = property["default"];
  const needed = required && start === undefined;
  const named = { name, label: text(title) ?? inWords(name), help: text(description), needed };
  if (type === "boolean") return { ...named, kind: "switch", start: start === true };
  const choices = choicesOf(property);
  if (choices.length > 0) {
    const unset = start === undefined && !required ? [UNSET] : [];
    return { ...named, kind: "choice", choices: [...unset, ...choices], start: text(start) ?? [...unset, ...choices][0]?.value ?? "" };
  }
  if (type !== "string") return null;
  const charactersMax = typeof maxLength === "number" ? Math.min(maxLength, CHARACTERS_MAX) : CHARACTERS_MAX;
  return { ...named, kind: "text", start: text(start) ?? "", charactersMax };
}

/** Of `enum`, or of constants that have titles of their own. */
function choicesOf({ enum: values, anyOf, oneOf }: Record<string, unknown>): { value: string; label: string }[] {
  if (Array.isArray(values)) return values.every(isString) ? values.map((value) => ({ value, label: inWords(value) })) : [];
  const constants = [anyOf, oneOf].find(Array.isArray) ?? [];
  const choices = constants.flatMap((each: unknown) =>
    isRecord(each) && isString(each["const"]) ? [{ value: each["const"], label: text(each["title"]) ?? inWords(each["const"]) }] : [],
  );
  return choices.length === constants.length ? choices : [];
}

/** "keepDrafts" and "keep_drafts" are "Keep drafts". */
function inWords(name: string): string {
  const words = name
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, " ")
    .replaceAll(/[_-]+/g, " ")
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function text(value: unknown): string | undefined {
  return isString(value) && value !== "" ? value : undefined;
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
