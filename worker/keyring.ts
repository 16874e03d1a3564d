import { decodeBase64urlIgnorePadding } from "@oslojs/encoding";

// The operator's master keys: MASTER_KEYS = "kid:base64url[,kid:base64url…]". The first one seals and signs; the others
// only open and verify, so that a key is replaced by putting a new one before it.

const MASTER_KEY_BYTES = 32;
const KEYS_MAX = 10;
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;

export interface MasterKey {
  id: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** What keys are derived for: each purpose has its own. */
type KeyPurpose = "flow-cookie" | "webhook-proof" | "receipt-signature" | "maintenance" | "mail-link";

type KeyringEnv = Pick<Env, "MASTER_KEYS">;

/** All keys, the current one first. Throws, naming what is wrong but no key, where the setting cannot be used. */
export function masterKeys(env: KeyringEnv): [MasterKey, ...MasterKey[]] {
  const entries = (env.MASTER_KEYS || "").split(",").map((entry) => entry.trim());
  if (entries.length > KEYS_MAX) throw new Error(`MASTER_KEYS holds more than ${KEYS_MAX} keys.`);
  const [first, ...rest] = entries.map((entry, index) => parseKey(entry, index + 1));
  if (!first) throw new Error("MASTER_KEYS is not set.");
  const ids = new Set([first.id, ...rest.map((key) => key.id)]);
  if (ids.size !== entries.length) throw new Error("MASTER_KEYS names two keys alike.");
  return [first, ...rest];
}

/** The key with this id; undefined where it is not, or no longer, among them. */
export function findMasterKey(env: KeyringEnv, id: string): MasterKey | undefined {
  return masterKeys(env).find((key) => key.id === id);
}

/** 256 bits for one purpose, from a master key by HKDF. */
export async function deriveKey(key: MasterKey, purpose: KeyPurpose): Promise<Uint8Array<ArrayBuffer>> {
  const material = await crypto.subtle.importKey("raw", key.bytes, "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode(`tidemark/${purpose}/v1`);
  const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info }, material, 256);
  return new Uint8Array(bits);
}

function parseKey(entry: string, place: number): MasterKey {
  const [id, encoded, ...extra] = entry.split(":");
  if (id === undefined || encoded === undefined || extra.length > 0) {
    throw new Error(`MASTER_KEYS: key ${place} is not written as "id:base64url".`);
  }
  if (!KEY_ID.test(id)) throw new Error(`MASTER_KEYS: the id of key ${place} is not 1 to 32 letters, digits, "-" or "_".`);
  const bytes = decode(encoded);
  if (bytes?.byteLength !== MASTER_KEY_BYTES) {
    throw new Error(`MASTER_KEYS: key "${id}" is not ${MASTER_KEY_BYTES} bytes in base64url.`);
  }
  return { id, bytes };
}

function decode(encoded: string): Uint8Array<ArrayBuffer> | null {
  try {
    return new Uint8Array(decodeBase64urlIgnorePadding(encoded));
  } catch {
    return null;
  }
}
