import type { Result } from "../worker/errors.ts";
import { failure, success } from "../worker/errors.ts";
import { randomSecret } from "../worker/ids.ts";
import type { MailMatter } from "../worker/notices/message.ts";
import { canSendMail } from "../worker/notices/sender.ts";
import type { MailKind, MailKinds, Notifications, NotificationsPatch } from "../worker/wire/notifications.ts";
import { MAIL_KINDS } from "../worker/wire/notifications.ts";
import type { Engine } from "./engine.ts";
import type { UserSyncStore } from "./user-sync-store.ts";

// Where a person's mail goes, and what they want of it: one setting of the object. An address is used once somebody vouches
// for it: the authority that the person signs in with, or they themselves by the link that was sent there.

const SETTING = "mail";
const CONFIRM_MILLISECONDS = 86_400_000;
/** Mails with a link to confirm an address, a day: the address may be somebody else's. */
const CONFIRMATIONS_MAX = 5;

interface MailSettings {
  /** What the authority said at the last sign-in that named one. */
  verified: string | null;
  own: string | null;
  unconfirmed: { address: string; nonce: string; until: number } | null;
  /** When links were sent to confirm an address. */
  asked: number[];
  off: MailKind[];
}

const UNSET: MailSettings = { verified: null, own: null, unconfirmed: null, asked: [], off: [] };

function read(store: UserSyncStore): MailSettings {
  const saved = store.setting(SETTING);
  return saved === null ? UNSET : { ...UNSET, ...(JSON.parse(saved) as Partial<MailSettings>) };
}

function save(store: UserSyncStore, patch: Partial<MailSettings>): void {
  store.saveSetting(SETTING, JSON.stringify({ ...read(store), ...patch }));
}

/** Where this mail goes; null: nowhere. */
export function mailAddress(store: UserSyncStore, mail: MailMatter): string | null {
  const { own, verified, unconfirmed } = read(store);
  if (mail.kind === "confirm") return unconfirmed?.nonce === mail.nonce ? unconfirmed.address : null;
  return own ?? verified;
}

export function wantsMail(store: UserSyncStore, mail: MailMatter): boolean {
  if (mail.kind === "confirm") return true;
  return mailAddress(store, mail) !== null && !read(store).off.includes(mail.kind);
}

/** The person has signed in; the authority vouches for this address of theirs. Writes nothing where that is known. */
export function addressVerified(engine: Engine, address: string): void {
  if (read(engine.store).verified !== address) save(engine.store, { verified: address });
}

export function notifications({ store, env, now }: Engine): Notifications {
  const { own, verified, unconfirmed, off } = read(store);
  const kinds = Object.fromEntries(MAIL_KINDS.map((kind) => [kind, !off.includes(kind)])) as MailKinds;
  const open = unconfirmed && unconfirmed.until > now() ? unconfirmed : null;
  return {
    mail: {
      available: canSendMail(env),
      address: own ?? verified,
      addressFrom: own !== null ? "person" : verified !== null ? "sign_in" : null,
      unconfirmed: open && { address: open.address, until: new Date(open.until).toISOString() },
      kinds,
    },
  };
}

export async function changeNotifications(engine: Engine, { address, kinds }: NotificationsPatch): Promise<Result<Notifications>> {
  const { store, now, env } = engine;
  const { off, asked, own, verified } = read(store);
  if (address !== undefined && address !== null && !canSendMail(env)) return failure("mail.not_available", "This Tidemark sends no mail.");
  const lately = asked.filter((at) => at > now() - CONFIRM_MILLISECONDS);
  const asks = address !== undefined && address !== null && address !== (own ?? verified);
  if (asks && lately.length >= CONFIRMATIONS_MAX) {
    return failure("request.rate_limited", "So many addresses were tried today that the next one has to wait until tomorrow.");
  }
  store.transaction(() => {
    if (kinds) save(store, { off: MAIL_KINDS.filter((kind) => !(kinds[kind] ?? !off.includes(kind))) });
    if (address === null || (address !== undefined && address === verified)) save(store, { own: null, unconfirmed: null });
    else if (asks) {
      const nonce = randomSecret();
      save(store, { unconfirmed: { address, nonce, until: now() + CONFIRM_MILLISECONDS }, asked: [...lately, now()] });
      engine.notices.mailNow({ kind: "confirm", nonce });
    }
  });
  if (asks) await engine.wakeBy(now());
  return success(notifications(engine));
}

/** The link that was sent to an address was opened, and its button pressed. */
export function confirmAddress({ store, now }: Engine, nonce: string): Result<{ address: string }> {
  const { unconfirmed } = read(store);
  if (unconfirmed?.nonce !== nonce || unconfirmed.until <= now()) {
    return failure("mail.link_expired", "This link has been used, has run out, or another address has been given since.");
  }
  save(store, { own: unconfirmed.address, unconfirmed: null });
  return success({ address: unconfirmed.address });
}

/** By the link of a mail. */
export function unsubscribe({ store }: Engine, kind: MailKind): void {
  const { off } = read(store);
  if (!off.includes(kind)) save(store, { off: [...off, kind] });
}
