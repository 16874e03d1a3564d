import { refuse } from "./answers.ts";
import type { AutodeskTools, Call } from "./context.ts";
import { linkTo } from "./resources.ts";

const LIMIT_MAX = 200;
const SHORT_LIMIT = 2;

type Link = { href: string };

/** The part of a list that `page[number]` and `page[limit]` ask for: places in the list as it is now, whatever it was a page ago. */
export function pageOf<T>(tools: AutodeskTools, call: Call, all: readonly T[]): { part: T[]; links: Record<string, Link> } {
  const { query, path } = call.request;
  const asked = Number(query.get("page[limit]") ?? LIMIT_MAX);
  const number = Number(query.get("page[number]") ?? 0);
  if (!Number.isInteger(asked) || asked < 1 || asked > LIMIT_MAX) throw refuse(400, "BAD_INPUT", "The limit value is invalid.");
  if (!Number.isInteger(number) || number < 0) throw refuse(400, "BAD_INPUT", "The page number is invalid.");
  const limit = tools.faults.strike("autodesk-short-pages", call.asked) === undefined ? asked : Math.min(asked, SHORT_LIMIT);
  const link = (page: number): Link => {
    const search = new URLSearchParams(query);
    search.set("page[number]", String(page));
    return linkTo(call, `${path}?${search}`);
  };
  const end = (number + 1) * limit;
  return {
    part: all.slice(number * limit, end),
    links: {
      self: link(number),
      ...(number > 0 && { first: link(0), prev: link(number - 1) }),
      ...(end < all.length && { next: link(number + 1) }),
    },
  };
}
