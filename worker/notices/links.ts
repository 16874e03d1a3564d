import { constantTimeEqual } from "@oslojs/crypto/subtle";
import { decodeBase64urlIgnorePadding, encodeBase64urlNoPadding } from "@oslojs/encoding";
import type { MasterKey } from "../keyring.ts";
import { deriveKey, findMasterKey, masterKeys } from "../keyring.ts";

// Links of our mails that work without a session: to end a kind of mail, and to confirm an address. Each names a user, what it
// is for, and proves that we made it: `purpose.user.subject.key.mac`.

const PURPOSES = ["unsubscribe", "confirm"] as const;
export type LinkPurpose = (typeof PURPOSES)[number];

const LINK = /^(unsubscribe|confirm)\.([a-z0-9]{1,20})\.([A-Za-z0-9_-]{1,60})\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{43})$/;
const LINK_CHARACTERS_MAX = 200;

type LinkEnv = Pick<Env, "MASTER_KEYS">;

export interface LinkSubject {
  userId: string;
  /** The kind of mail, or the nonce of the address. */
  subject: string;
}

export async function signLink(env: LinkEnv, purpose: LinkPurpose, { userId, subject }: LinkSubject): Promise<string> {
  const [current] = masterKeys(env);
  const claim = `${purpose}.${userId}.${subject}.${current.id}`;
  return `${claim}.${encodeBase64urlNoPadding(await mac(current, claim))}`;
}

/** Null where the link is not ours, or is for something else. */
export async function readLink(env: LinkEnv, purpose: LinkPurpose, text: string): Promise<LinkSubject | null> {
  if (text.length > LINK_CHARACTERS_MAX) return null;
  const [, given, userId, subject, keyId, proof] = LINK.exec(text) ?? [];
  if (given !== purpose || userId === undefined || subject === undefined || keyId === undefined || proof === undefined) return null;
  const key = findMasterKey(env, keyId);
  if (!key) return null;
  return constantTimeEqual(await mac(key, `${purpose}.${userId}.${subject}.${keyId}`), decode(proof)) ? { userId, subject } : null;
}

async function mac(key: MasterKey, claim: string): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const derived = await crypto.subtle.importKey("raw", await deriveKey(key, "mail-link"), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", derived, new TextEncoder().encode(claim)));
}

/** Empty, which equals no MAC, where the text has bits that no encoder leaves behind. */
function decode(text: string): Uint8Array {
  try {
    return decodeBase64urlIgnorePadding(text);
  } catch {
    return new Uint8Array();
  }
}
