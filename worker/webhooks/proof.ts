import { constantTimeEqual } from "@oslojs/crypto/subtle";
import { decodeBase64urlIgnorePadding, encodeBase64urlNoPadding } from "@oslojs/encoding";
import type { MasterKey } from "../keyring.ts";
import { deriveKey, findMasterKey, masterKeys } from "../keyring.ts";

// What we give a provider with a subscription, and get back with every notification: it names the connection and proves,
// without a look-up, that we made it. `user.connection.key.mac`, at most 128 characters.

export interface Subject {
  userId: string;
  connectionId: string;
}

export const PROOF_CHARACTERS_MAX = 128;
const CLAIM = /^([a-z0-9]{1,20})\.([a-z0-9]{1,20})\.([A-Za-z0-9_-]{1,32})$/;
const PROOF = /^([a-z0-9]{1,20})\.([a-z0-9]{1,20})\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{43})$/;

type ProofEnv = Pick<Env, "MASTER_KEYS">;

/** A `clientState` of 76 to 108 characters, by the current master key. */
export async function createProof(env: ProofEnv, subject: Subject): Promise<string> {
  const [current] = masterKeys(env);
  const claim = `${subject.userId}.${subject.connectionId}.${current.id}`;
  return `${claim}.${encodeBase64urlNoPadding(await mac(current, claim))}`;
}

/** Whom a `clientState` is about; null where it is not ours. Takes the same time however much of the MAC is right. */
export async function verifyProof(env: ProofEnv, clientState: string): Promise<Subject | null> {
  if (clientState.length > PROOF_CHARACTERS_MAX) return null;
  const [, userId, connectionId, keyId, given] = PROOF.exec(clientState) ?? [];
  if (userId === undefined || connectionId === undefined || keyId === undefined || given === undefined) return null;
  const key = findMasterKey(env, keyId);
  if (!key) return null;
  const expected = await mac(key, `${userId}.${connectionId}.${keyId}`);
  return constantTimeEqual(expected, decodeMac(given)) ? { userId, connectionId } : null;
}

/** The `clientState` whose claim, all but its MAC, this is: for sources that sign with it, and send the claim alone. Null where it is none. */
export async function proofOf(env: ProofEnv, claim: string): Promise<string | null> {
  const [, , , keyId] = CLAIM.exec(claim) ?? [];
  const key = keyId === undefined ? null : findMasterKey(env, keyId);
  return key ? `${claim}.${encodeBase64urlNoPadding(await mac(key, claim))}` : null;
}

async function mac(key: MasterKey, claim: string): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const derived = await crypto.subtle.importKey("raw", await deriveKey(key, "webhook-proof"), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", derived, new TextEncoder().encode(claim)));
}

/** Empty, which equals no MAC, where the text has bits that no encoder leaves behind. */
function decodeMac(text: string): Uint8Array {
  try {
    return decodeBase64urlIgnorePadding(text);
  } catch {
    return new Uint8Array();
  }
}
