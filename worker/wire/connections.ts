import { z } from "zod";
import { NAME_MAX, count, instant } from "./common.ts";

// What can be connected and what is, and looking through it.

/** Of one field of a form: a service account's key is some kilobytes. */
const FIELD_MAX = 20_000;

export const formField = z.object({
  name: z.string(),
  label: z.string(),
  kind: z.enum(["text", "url", "email", "host", "port", "secret", "json"]),
  help: z.string(),
  required: z.boolean(),
  placeholder: z.string().optional(),
});

const authType = z.enum(["oauth2", "password", "token", "service_account"]);

export const provider = z.object({
  id: z.string(),
  name: z.string(),
  /** Ways to connect an account, the usual one first. By `oauth2` one signs in at the authority; the others are forms. */
  methods: z.array(
    z.object({
      id: z.string(),
      type: authType,
      name: z.string(),
      /** Whether this deployment offers it: a sign-in needs a registration with the authority. */
      available: z.boolean(),
      authority: z.string().nullable(),
      scopes: z.array(z.string()),
      fields: z.array(formField),
      /** Whether the source announces changes to connections that were made so. */
      announces: z.boolean(),
    }),
  ),
  capabilities: z.object({ browse: z.boolean(), search: z.boolean(), webhook: z.boolean(), revoke: z.boolean() }),
  /** Whether the source gives hashes that contents are checked by: of all of them, of some, or none. */
  hashes: z.enum(["all", "some", "none"]),
  /** How long a removal may go unnoticed, where no change feed tells of it; null where one does. */
  removalsWithinDays: z.number().nullable(),
  /** JSON Schema of a sync's `options.providerOptions`; null where there are none. */
  options: z.record(z.string(), z.unknown()).nullable(),
});
export type Provider = z.infer<typeof provider>;

export const connection = z.object({
  id: z.string(),
  provider: z.string(),
  label: z.string(),
  account: z.object({ id: z.string(), email: z.string().nullable() }),
  authType,
  status: z.enum(["active", "needs_reconnect", "revoked", "error"]),
  scopes: z.array(z.string()),
  lastValidatedAt: instant.nullable(),
  createdAt: instant,
});
export type Connection = z.infer<typeof connection>;

export const connectionPatch = z.strictObject({ label: z.string().trim().min(1).max(NAME_MAX) });

export const connectionCreate = z.strictObject({
  provider: z.string().max(50),
  /** By its id; the provider's first where none is named. */
  method: z.string().max(50).optional(),
  /** Of a form: what was filled in. It is tried before it is kept, and never shown again. */
  fields: z.record(z.string().max(50), z.string().max(FIELD_MAX)).optional(),
  /** Reconnects this connection: only the same account is accepted. */
  connectionId: z.string().max(50).optional(),
  returnTo: z.string().max(500).optional(),
});

/** Of a sign-in: where to send the browser. Of a form: the connection. The other one is null. */
export const connectionBegun = z.object({ authorizeUrl: z.string().nullable(), connection: connection.nullable() });
export type ConnectionBegun = z.infer<typeof connectionBegun>;

export const connectionTest = z.object({
  ok: z.boolean(),
  account: z.object({ id: z.string(), label: z.string(), email: z.string().nullable(), usedBytes: z.number().nullable() }).nullable(),
  message: z.string(),
  /** What was looked at, one by one. */
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), message: z.string() })),
});

export const browseQuery = z.object({
  /** An entry's `id`; nothing: where picking begins. */
  parent: z.string().max(2000).optional(),
  /** The entry's `feedId`, if it has one. */
  feed: z.string().max(500).optional(),
  /** Feeds by name, where the provider can search for them. */
  search: z.string().trim().min(1).max(200).optional(),
  cursor: z.string().max(4000).optional(),
});

export const browseEntry = z.object({
  id: z.string(),
  /** Null: only a way to others, which cannot be chosen itself. */
  feedId: z.string().nullable(),
  /** Whether it stands for the whole feed. */
  whole: z.boolean(),
  name: z.string(),
  kind: z.enum(["file", "folder"]),
  hasChildren: z.boolean(),
  size: z.number().nullable(),
  /** How many files a whole feed holds, where that is known. */
  items: count.nullable(),
  modifiedAt: instant.nullable(),
  webUrl: z.string().nullable(),
});

export const browsePage = z.object({ items: z.array(browseEntry), cursor: z.string().nullable() });
export type BrowsePage = z.infer<typeof browsePage>;
export type ConnectionTest = z.infer<typeof connectionTest>;
