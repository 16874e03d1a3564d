import { z } from "zod";
import { AUDIT_ACTIONS } from "../audit.ts";
import { instant } from "./common.ts";

// The shapes of what belongs to a person: sessions, identities, the audit trail, erasure.

const CONFIRM_MAX = 320;

/** One signed-in browser. Its id lets nobody sign in. */
export const session = z.object({
  id: z.string(),
  /** Whether it is the one that asks. */
  current: z.boolean(),
  /** “Firefox on Windows”; null where the browser did not say. */
  agent: z.string().nullable(),
  createdAt: instant,
  /** To the hour. */
  lastUsedAt: instant,
  expiresAt: instant,
});
export type Session = z.infer<typeof session>;

/** Something that a person signs in with. */
export const identity = z.object({
  id: z.string(),
  /** The id and the name of who vouches for them; of one that is no longer offered, what it calls itself. */
  authority: z.object({ id: z.string().nullable(), name: z.string() }),
  /** As the authority said at the last sign-in; null where it was linked before that was kept. */
  name: z.string().nullable(),
  email: z.string().nullable(),
  linkedAt: instant,
});
export type Identity = z.infer<typeof identity>;

export const auditEvent = z.object({
  id: z.string(),
  at: instant,
  /** What did it: a browser's session, a token, or an administrator, by their ids. */
  actor: z.object({ kind: z.enum(["session", "token", "admin"]), id: z.string() }),
  action: z.enum(AUDIT_ACTIONS),
  /** The id of what it was done to, and what that was called. */
  target: z.string().nullable(),
  name: z.string().nullable(),
  /** Where it came from: a network, not a whole address; and what was used, in words. */
  network: z.string().nullable(),
  agent: z.string().nullable(),
});
export type AuditEvent = z.infer<typeof auditEvent>;

/** The account's address, or its name where it has none, typed by the person who means it. */
export const erasureRequest = z.strictObject({ confirm: z.string().max(CONFIRM_MAX) });

/** What is kept of an erased user: when it began. */
export const erasureBegun = z.object({ begunAt: instant });
export type ErasureBegun = z.infer<typeof erasureBegun>;
