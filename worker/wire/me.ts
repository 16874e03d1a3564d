import { z } from "zod";
import { SCOPES } from "../scopes.ts";
import { NAME_MAX, count, instant } from "./common.ts";

// Who asks: a person, or a program with that person's token.

const EXPIRES_DAYS_MAX = 3650;

const scope = z.enum(SCOPES);

/** What a program signs in with. The token itself is answered once, when it is made. */
export const token = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(scope),
  createdAt: instant,
  /** Null: never. */
  expiresAt: instant.nullable(),
  /** To the hour. */
  lastUsedAt: instant.nullable(),
});
export type Token = z.infer<typeof token>;

export const newToken = token.extend({ token: z.string() });
export type NewToken = z.infer<typeof newToken>;

export const tokenCreate = z.strictObject({
  name: z.string().trim().min(1).max(NAME_MAX),
  /** No scope includes another. */
  scopes: z
    .array(scope)
    .min(1)
    .max(SCOPES.length)
    .transform((scopes) => SCOPES.filter((each) => scopes.includes(each))),
  /** Left out: it does not expire. */
  expiresInDays: z.int().min(1).max(EXPIRES_DAYS_MAX).optional(),
});

export const me = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  admin: z.boolean(),
  /** What is kept of this user: current contents, versions, items, syncs. */
  usage: z.object({ bytes: count, versionBytes: count, items: count, syncs: count }),
  /** The most of it; `bytes` is of contents and versions together. Null: no limit. */
  quota: z.object({ bytes: count.nullable(), items: count.nullable(), syncs: count.nullable() }),
  /** The token that asks; null where a browser does. */
  token: token.nullable(),
  createdAt: instant,
});
export type Me = z.infer<typeof me>;
