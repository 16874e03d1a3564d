import { z } from "zod";
import { ProviderError } from "../errors.ts";
import { jsonOf } from "../json.ts";

// How far a feed has been read. A listing notes when it began; what has changed since is then searched for, from that time on.

const common = {
  /** Milliseconds since 1970: everything up to here has been told. */
  since: z.int(),
  /** The space's, by which search knows it. */
  key: z.string().min(1),
  /** Pages of results without one, so far. */
  empty: z.int().min(0),
};

const listing = z.strictObject({ phase: z.literal("listing"), ...common, next: z.string() });

/** `round`: when the round began, where it is under way: from there the next one goes on. */
const changes = z.strictObject({ phase: z.literal("changes"), ...common, round: z.int().optional(), next: z.string().optional() });

const cursor = z.discriminatedUnion("phase", [listing, changes]);

export type Cursor = z.infer<typeof cursor>;
export type Listing = z.infer<typeof listing>;
export type Changes = z.infer<typeof changes>;

export const writeCursor = (state: Cursor): string => JSON.stringify(state);

/** Throws `cursor_expired` where the text is no cursor of ours. */
export function readCursor(text: string): Cursor {
  const parsed = cursor.safeParse(jsonOf(text));
  if (!parsed.success) throw new ProviderError("cursor_expired", "The cursor makes no sense.");
  return parsed.data;
}
