import { z } from "zod";
import { ProviderError } from "../errors.ts";
import { jsonOf } from "../json.ts";

// How far a feed has been read. The log's start is noted before the listing begins, and read from there afterwards: nothing that
// changes meanwhile is missed. `root` is the id of the feed's root folder.

const token = z.string().min(1);

const listing = z.strictObject({ phase: z.literal("listing"), root: z.string(), start: token, page: token });

/** `afresh`: the log is read for the first time since the listing. What is tracked may have been listed while it was in the trash. */
const changes = z.strictObject({ phase: z.literal("changes"), root: z.string(), token, afresh: z.boolean() });

/** Folders of which nothing below is known yet are listed, the first `asked` of them now; then the log goes on. */
const unfolding = changes.extend({
  phase: z.literal("unfolding"),
  /** Whether the log has more to tell in this round. */
  more: z.boolean(),
  folders: z.array(z.string()),
  asked: z.int().min(1),
  page: token.nullable(),
});

const cursor = z.discriminatedUnion("phase", [listing, changes, unfolding]);

export type Cursor = z.infer<typeof cursor>;
export type Listing = z.infer<typeof listing>;
export type Changes = z.infer<typeof changes>;
export type Unfolding = z.infer<typeof unfolding>;

export const writeCursor = (state: Cursor): string => JSON.stringify(state);

/** Throws `cursor_expired` where the text is no cursor of ours. */
export function readCursor(text: string): Cursor {
  const parsed = cursor.safeParse(jsonOf(text));
  if (!parsed.success) throw new ProviderError("cursor_expired", "The cursor makes no sense.");
  return parsed.data;
}
