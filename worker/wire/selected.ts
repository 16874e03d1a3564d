import { z } from "zod";

/** What a sync's selection names, as far as its catalogue knows it. */
export const selectedEntry = z.object({
  /** Null: of whichever feed has it. */
  feed: z.string().nullable(),
  /** Null while the path has not been found. */
  itemId: z.string().nullable(),
  /** What was given instead of an id. */
  path: z.string().nullable(),
  mode: z.enum(["include", "exclude"]),
  /** Null while it is not known. */
  name: z.string().nullable(),
  /** Ids of the folders above it, the nearest first. */
  above: z.array(z.string()),
});
export type SelectedEntry = z.infer<typeof selectedEntry>;
