import type { BlockContent, PhrasingContent } from "mdast";
import { blocksOf } from "./adf.ts";
import { type AdfContext, isNode } from "./adf-node.ts";
import type { Issue } from "./api.ts";
import { instantOf } from "./times.ts";

// Fields that a site, or an app on it, has added. Only forms of values are taken that are understood: others are an app's own, and some
// of those change without the issue.

const NAME = /^customfield_\d+$/;
/** An issue's place in every ordered list, which changes with its neighbours'. */
const RANK = /^\d\|[a-z0-9]+:/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{4}$/;

/** `short` ones are a line, `long` ones sections of their own; each by name. */
export interface CustomFields {
  short: [name: string, value: PhrasingContent[]][];
  long: [name: string, blocks: BlockContent[]][];
}

export function customFields({ fields, names }: Issue, context: AdfContext): CustomFields {
  const found: CustomFields = { short: [], long: [] };
  const all = Object.entries(fields ?? {}).flatMap(([id, value]) => (NAME.test(id) ? [{ id, name: names?.[id] ?? id, value }] : []));
  for (const { name, value } of all.toSorted((one, other) => compare(one.name, other.name) || compare(one.id, other.id))) {
    if (isNode(value) && value.type === "doc") {
      const blocks = blocksOf(value, context);
      if (blocks.length > 0) found.long.push([name, blocks]);
      continue;
    }
    const line = lineOf(value);
    if (line !== undefined && line !== "") found.short.push([name, [{ type: "text", value: line }]]);
  }
  return found;
}

/** Text, a number, a choice, a person, a version; or a list of such. */
function lineOf(value: unknown): string | undefined {
  if (typeof value === "string")
    return RANK.test(value) ? undefined : TIME.test(value) ? instantOf(value) : value.replace(/\s+/g, " ").trim();
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) {
    const lines = value.map(lineOf);
    return lines.every((line) => line !== undefined) ? lines.join(", ") : undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { value: choice, child, displayName, name } = value as Record<string, unknown>;
  if (typeof choice === "string") {
    const below = lineOf(child);
    return below === undefined ? choice : `${choice} / ${below}`;
  }
  if (typeof displayName === "string") return displayName;
  return typeof name === "string" ? name : undefined;
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
