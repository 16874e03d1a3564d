import { z } from "zod";

// Mail for what needs a person, and what they want of it.

const ADDRESS_CHARACTERS_MAX = 254;

export const MAIL_KINDS = ["reconnect", "held", "failing", "quota", "webhooks"] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

const mailKinds = z.object({
  /** A source asks to sign in again. */
  reconnect: z.boolean(),
  /** Removals wait for a decision. */
  held: z.boolean(),
  /** A sync's runs fail one after another. */
  failing: z.boolean(),
  quota: z.boolean(),
  /** A webhook was switched off since nothing arrived. */
  webhooks: z.boolean(),
});
export type MailKinds = z.infer<typeof mailKinds>;

export const notifications = z.object({
  mail: z.object({
    /** Whether this Tidemark can send mail at all. */
    available: z.boolean(),
    /** Where mail goes; null: nowhere yet. */
    address: z.string().nullable(),
    /** Who vouches for it: the authority that one signs in with, or the person, by the link of a mail. */
    addressFrom: z.enum(["sign_in", "person"]).nullable(),
    /** An address that was given and not confirmed yet. */
    unconfirmed: z.object({ address: z.string(), until: z.iso.datetime() }).nullable(),
    kinds: mailKinds,
  }),
});
export type Notifications = z.infer<typeof notifications>;

export const notificationsPatch = z.strictObject({
  /** Another address: it is sent a link, and gets mail once that was opened. Null: the one of the sign-in. */
  address: z.email().max(ADDRESS_CHARACTERS_MAX).nullable().optional(),
  kinds: mailKinds.partial().optional(),
});
export type NotificationsPatch = z.infer<typeof notificationsPatch>;
