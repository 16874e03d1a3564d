import { z } from "zod";
import type { ProviderOptions } from "../options.ts";

// What is asked for in Jira's query language. Times are milliseconds since 1970, without quotes: Jira reads dates in the time zone of
// whoever asks, and to the minute only.

const JQL_CHARACTERS_MAX = 4_000;
const MINUTE_MILLISECONDS = 60_000;
/** Search lags behind what is written, and sees minutes only: what was changed so long before the last known change is asked for again. */
const OVERLAP_MILLISECONDS = 10 * MINUTE_MILLISECONDS;
const QUOTED = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/gs;

export const options = z.strictObject({
  jql: z
    .string()
    .trim()
    .max(JQL_CHARACTERS_MAX)
    .refine((jql) => problemOf(jql) === undefined, { error: ({ input }) => problemOf(String(input)) ?? "This is no JQL." })
    .default("")
    .meta({
      title: "JQL",
      description: "Only the issues that match this JQL are kept, such as “status != Done”. Leave it empty to keep all.",
    }),
});

export function jqlOf(given: Readonly<ProviderOptions> | undefined): string {
  const parsed = options.safeParse(given ?? {});
  return parsed.success ? parsed.data.jql : "";
}

/** What can be said of a condition without asking Jira: it stands in parentheses among others, and must not leave them. */
function problemOf(jql: string): string | undefined {
  const bare = jql.replace(QUOTED, "");
  if (/["']/.test(bare)) return "a quotation mark is not closed";
  if (/\border\s+by\b/i.test(bare)) return "leave out ORDER BY: the order makes no difference here";
  let open = 0;
  for (const character of bare) {
    if (character === "(") open += 1;
    if (character === ")") open -= 1;
    if (open < 0) break;
  }
  return open === 0 ? undefined : "the parentheses do not match";
}

export function ofProject(projectId: string, jql: string): string {
  return jql === "" ? `project = ${projectId}` : `project = ${projectId} AND (${jql})`;
}

/** Everything, in an order that no change of an issue alters. */
export function listing(projectId: string, jql: string): string {
  return `${ofProject(projectId, jql)} ORDER BY created ASC, key ASC`;
}

/**
 * What was changed since, the newest first: what is changed while pages are read then goes to the front, where the next round finds it,
 * and moves nothing past the page that is read. The sync's own condition is not in it: what no longer meets that must be found, too.
 */
export function changedSince(projectId: string, since: number): string {
  return `${ofProject(projectId, "")} AND updated >= ${searchedFrom(since)} ORDER BY updated DESC, key ASC`;
}

/** From when on such a search finds what was changed. */
export function searchedFrom(since: number): number {
  return Math.max(0, Math.floor((since - OVERLAP_MILLISECONDS) / MINUTE_MILLISECONDS) * MINUTE_MILLISECONDS);
}
