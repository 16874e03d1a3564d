import { z } from "zod";
import { ProviderError } from "../errors.ts";
import type { Entry } from "../provider.ts";

// How far a round has come: the folders that are still to be read, the deepest first. Folders are at most 25 deep, and of each page of
// one the folders in it come before the next page: there are never more than some thousands at once.

const VERSION = 1;
/** More folders that have to be read again are no exception: the next round then reads everything. */
export const AGAIN_MAX = 200;

/** A folder to be read. */
export interface Frame {
  /** Null: the project, whose folders are its highest ones. */
  id: string | null;
  /** As it was listed; undefined where it is to be asked for first. */
  entry?: Entry | undefined;
  /** What its time was then. */
  tag?: string | undefined;
  /** The page of its content that comes next. */
  page?: number | undefined;
  /** Whether something of it could not be told, or may change without its time telling. */
  incomplete?: boolean | undefined;
  /** Attempts to read it that failed. */
  failures?: number | undefined;
}

export interface Position {
  stack: Frame[];
  /** Whether this round lists the source from its beginning: what is gone is then found by what it does not tell. */
  listing: boolean;
  /** Whether this round reads every folder, whatever its time. */
  everything: boolean;
  /** To be read in the next round, though their times do not ask for it. */
  again: string[];
  /** Whether the next round reads every folder. */
  everythingNext: boolean;
  /** The folders that the highest ones lie in, which are not shown. */
  above: string[];
}

const frameSchema = z.object({
  i: z.string().nullable(),
  n: z.string().optional(),
  p: z.string().optional(),
  c: z.number().optional(),
  m: z.number().optional(),
  t: z.string().optional(),
  g: z.number().optional(),
  x: z.boolean().optional(),
  f: z.number().optional(),
});
const schema = z.object({
  v: z.literal(VERSION),
  s: z.array(frameSchema),
  l: z.boolean(),
  e: z.boolean(),
  a: z.array(z.string()),
  n: z.boolean(),
  b: z.array(z.string()),
});

/** Throws `cursor_expired` where the text is no cursor of ours. */
export function readCursor(cursor: string): Position {
  let value: unknown;
  try {
    value = JSON.parse(cursor);
  } catch (error) {
    throw new ProviderError("cursor_expired", "The cursor cannot be read.", { cause: error });
  }
  const { data } = schema.safeParse(value);
  if (!data) throw new ProviderError("cursor_expired", "The cursor is of another version.");
  return { stack: data.s.map(toFrame), listing: data.l, everything: data.e, again: data.a, everythingNext: data.n, above: data.b };
}

export function writeCursor({ stack, listing, everything, again, everythingNext, above }: Position): string {
  return JSON.stringify({ v: VERSION, s: stack.map(toWire), l: listing, e: everything, a: again, n: everythingNext, b: above });
}

function toFrame({ i, n, p, c, m, t, g, x, f }: z.infer<typeof frameSchema>): Frame {
  const times = { ...(c !== undefined && { createdAt: c }), ...(m !== undefined && { modifiedAt: m }) };
  const entry: Entry | undefined =
    i === null || n === undefined ? undefined : { id: i, kind: "folder", name: n, ...(p !== undefined && { parentId: p }), ...times };
  return { id: i, entry, tag: t, page: g, incomplete: x, failures: f };
}

function toWire({ id, entry, tag, page, incomplete, failures }: Frame): z.infer<typeof frameSchema> {
  return {
    i: id,
    n: entry?.name,
    p: entry?.parentId,
    c: entry?.createdAt,
    m: entry?.modifiedAt,
    t: tag,
    g: page,
    x: incomplete,
    f: failures,
  };
}
