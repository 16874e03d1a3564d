import { z } from "zod";
import { ProviderError } from "../errors.ts";
import { jsonOf } from "../json.ts";

// How far a project has been read. There is no log of changes: what matters is when the newest change that was seen was made, by the
// source's own clock. It is noted before a listing begins, and read from there afterwards.

const token = z.string().min(1);
/** The project's key: with another one every issue has another name, which no search for changes tells. */
const key = z.string();
/** Where people find the site. */
const web = z.string().optional();
/** Milliseconds since 1970, of the newest change known when the round began. */
const since = z.number();

/**
 * Where the sync has a condition of its own: issues that did not meet it when they were last changed, by when that was. They are in the
 * catalogue no more, and so cannot be passed over by what is known of them.
 */
const passed = z.record(z.string(), z.number()).optional();

const cursor = z.discriminatedUnion("phase", [
  z.strictObject({ phase: z.literal("listing"), key, web, since, token }),
  z.strictObject({ phase: z.literal("idle"), key, web, since, passed }),
  /** In the middle of a round: `next` is the newest change that it has seen. */
  z.strictObject({ phase: z.literal("reading"), key, web, since, next: z.number(), token, passed }),
]);

export type Cursor = z.infer<typeof cursor>;
export type Listing = Extract<Cursor, { phase: "listing" }>;

export const writeCursor = (state: Cursor): string => JSON.stringify(state);

/** Throws `cursor_expired` where the text is no cursor of ours. */
export function readCursor(text: string): Cursor {
  const parsed = cursor.safeParse(jsonOf(text));
  if (!parsed.success) throw new ProviderError("cursor_expired", "The cursor makes no sense.");
  return parsed.data;
}
