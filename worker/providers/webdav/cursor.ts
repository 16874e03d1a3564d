import { z } from "zod";
import { ProviderError } from "../errors.ts";

// How far a round has come: the folders that are still to be read, deepest first, so that there are few.

const VERSION = 1;
/** What the folders of a cursor may have together, in characters of JSON: it is one value of a row. */
export const STACK_CHARACTERS_MAX = 200_000;
/** More folders that could not be read are no exception: the next round then reads everything. */
export const AGAIN_MAX = 50;

/** A folder to be read. */
export interface Frame {
  /** Below the share's top folder. */
  path: string[];
  parentId?: string | undefined;
  /** Its children up to this name have been told, when its etag was `tag`. */
  after?: string | undefined;
  tag?: string | undefined;
  /** Attempts to read it that failed. */
  failures?: number | undefined;
}

export interface Position {
  stack: Frame[];
  /** Whether this round reads every folder, whatever its etag. */
  everything: boolean;
  /** To be read in the next round, though their etags do not ask for it. */
  again: Frame[];
  /** Whether the next round reads every folder. */
  everythingNext: boolean;
  /** The server's mark of its own history: it changes when a backup is restored. */
  fingerprint?: string | undefined;
}

const frameSchema = z.object({
  p: z.string(),
  d: z.string().optional(),
  a: z.string().optional(),
  t: z.string().optional(),
  f: z.number().optional(),
});
const schema = z.object({
  v: z.literal(VERSION),
  s: z.array(frameSchema),
  e: z.boolean(),
  a: z.array(frameSchema),
  n: z.boolean(),
  h: z.string().optional(),
});

export function readCursor(cursor: string): Position {
  let value: unknown;
  try {
    value = JSON.parse(cursor);
  } catch (error) {
    throw new ProviderError("cursor_expired", "The cursor cannot be read.", { cause: error });
  }
  const { data } = schema.safeParse(value);
  if (!data) throw new ProviderError("cursor_expired", "The cursor is of another version.");
  return { stack: data.s.map(toFrame), everything: data.e, again: data.a.map(toFrame), everythingNext: data.n, fingerprint: data.h };
}

export function writeCursor({ stack, everything, again, everythingNext, fingerprint }: Position): string {
  return JSON.stringify({ v: VERSION, s: stack.map(toWire), e: everything, a: again.map(toWire), n: everythingNext, h: fingerprint });
}

/** The characters that a frame has in a cursor. */
export function lengthOf(frame: Frame): number {
  return JSON.stringify(toWire(frame)).length + 1;
}

function toFrame({ p, d, a, t, f }: z.infer<typeof frameSchema>): Frame {
  return { path: p === "" ? [] : p.split("/"), parentId: d, after: a, tag: t, failures: f };
}

function toWire({ path, parentId, after, tag, failures }: Frame): z.infer<typeof frameSchema> {
  return { p: path.join("/"), d: parentId, a: after, t: tag, f: failures };
}
