import { encodeBase64urlNoPadding } from "@oslojs/encoding";
import { deriveKey, masterKeys, type MasterKey } from "./keyring.ts";
import { canonicalBytes, type Receipt, type SignedReceipt } from "./sync/receipt.ts";

// The keys that receipts are signed with: Ed25519, derived from the master keys, so that there is no further secret.
// A key is named as its master key, and stays published for as long as that one is configured.

/** PKCS #8 of an Ed25519 private key, up to its 32 bytes. */
const PKCS8_PREFIX = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

type KeyringEnv = Pick<Env, "MASTER_KEYS">;

/** A public key as a JSON Web Key (RFC 8037). */
export interface PublicReceiptKey {
  kty: "OKP";
  crv: "Ed25519";
  x: string;
  kid: string;
  use: "sig";
  alg: "EdDSA";
}

/** Signs with the current key. */
export async function signReceipt(env: KeyringEnv, receipt: Receipt): Promise<SignedReceipt> {
  const [current] = masterKeys(env);
  const signature = await crypto.subtle.sign("Ed25519", await signingKey(current), canonicalBytes(receipt));
  return { receipt, signature: encodeBase64urlNoPadding(new Uint8Array(signature)), keyId: current.id };
}

/** The public keys of all configured master keys, the current one first. */
export function publicReceiptKeys(env: KeyringEnv): Promise<PublicReceiptKey[]> {
  return Promise.all(masterKeys(env).map(publicKeyOf));
}

async function publicKeyOf(master: MasterKey): Promise<PublicReceiptKey> {
  const { x = "" } = (await crypto.subtle.exportKey("jwk", await signingKey(master))) as JsonWebKey;
  return { kty: "OKP", crv: "Ed25519", x, kid: master.id, use: "sig", alg: "EdDSA" };
}

async function signingKey(master: MasterKey): Promise<CryptoKey> {
  const seed = await deriveKey(master, "receipt-signature");
  return crypto.subtle.importKey("pkcs8", new Uint8Array([...PKCS8_PREFIX, ...seed]), "Ed25519", true, ["sign"]);
}
