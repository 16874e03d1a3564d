import type { Call } from "../product.ts";
import { baseOf, numberOf, refuse } from "./answers.ts";
import type { ConfluenceTools } from "./context.ts";

const LIMIT_MAX = 250;

/** A place in a list: after the element of this key; `at` counts the pages behind the end that a fault makes up. */
type Place = { epoch: string; path: string; after: string; at: number };

/**
 * One page of a list whose elements come in the order of their keys. Cursors are opaque, for this list alone, and end with the
 * account's epoch. The link to the next page has no host: it is below the site, or, in the API v1, below its Confluence.
 */
export function paged<T>(
  { accounts, faults }: ConfluenceTools,
  call: Call,
  all: readonly { key: string; value: T }[],
  { limit: usual, v1 = false }: { limit: number; v1?: boolean },
): Response {
  const { request, path, asked } = call;
  const limit = limitOf(call, usual);
  const { epoch } = accounts.state(call.account);
  const place = request.query.has("cursor") ? placeOf(request.query.get("cursor") ?? "", { epoch, path }) : undefined;
  const ordered = all.toSorted((one, other) => compare(one.key, other.key));
  const rest = place === undefined ? ordered : ordered.filter(({ key }) => compare(key, place.after) > 0);
  const empty = rest.length > 0 && faults.strike("atlassian-confluence-empty-page", asked) !== undefined;
  const shown = empty ? [] : rest.slice(0, limit);
  const results = shown.map(({ value }) => value);
  if (results[0] !== undefined && faults.strike("atlassian-confluence-duplicates", asked) !== undefined) results.push(results[0]);
  const endless = rest.length <= limit && faults.strike("atlassian-confluence-endless", asked) !== undefined;
  const more = empty || endless || rest.length > shown.length;
  const next: Place = { epoch, path, after: shown.at(-1)?.key ?? place?.after ?? "", at: (place?.at ?? 0) + 1 };
  const query = new URLSearchParams(request.query);
  query.set("cursor", Buffer.from(JSON.stringify(next)).toString("base64url"));
  const link = more ? `${v1 ? path.replace(/^\/wiki/, "") : path}?${query}` : undefined;
  const headers: Record<string, string> = link === undefined ? {} : { Link: `<${link}>; rel="next"` };
  const numbers = v1 ? { start: 0, limit, size: results.length } : {};
  return Response.json({ results, ...numbers, _links: { ...(link !== undefined && { next: link }), base: baseOf(call) } }, { headers });
}

/** Numbers as numbers, and texts as texts. */
export function compare(one: string, other: string): number {
  return one.length === other.length || !/^\d+$/.test(one + other) ? (one < other ? -1 : one > other ? 1 : 0) : one.length - other.length;
}

function limitOf({ request }: Call, usual: number): number {
  const given = request.query.get("limit");
  if (given === null) return usual;
  const limit = numberOf(given);
  if (limit === undefined || limit < 1 || limit > LIMIT_MAX)
    refuse(400, "INVALID_REQUEST_PARAMETER", `Provided value {${given}} for 'limit' is not between 1 and ${LIMIT_MAX}`);
  return limit;
}

function placeOf(cursor: string, { epoch, path }: { epoch: string; path: string }): Place {
  try {
    const place = JSON.parse(Buffer.from(cursor, "base64url").toString()) as Place;
    if (place.epoch === epoch && place.path === path) return place;
  } catch {
    // Not one of ours.
  }
  return refuse(400, "INVALID_REQUEST_PARAMETER", "Provided value for 'cursor' is not valid");
}
