import { z } from "zod";
import { itemState, pageQuery } from "../wire.ts";

const QUERY_MAX = 200;

/** `q`: words of a name, in any order; with slashes, of names one below the other. Every character stands for itself. */
export const searchQuery = pageQuery.extend({
  q: z.string().trim().min(1).max(QUERY_MAX),
  /** Only in this sync. */
  sync: z.string().max(50).optional(),
  /** Left out: every state but `removed`. */
  state: itemState.optional(),
});
