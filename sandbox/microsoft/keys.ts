import { createSecretKey, type KeyObject } from "node:crypto";
import type { Meta } from "../database.ts";
import { loadSecret, loadSigningKey, type SigningKey } from "../oauth/keys.ts";

/** `secret` seals tokens, `downloads` signs download addresses. */
export type Keys = { work: SigningKey; personal: SigningKey; secret: Buffer; downloads: KeyObject };

export function loadKeys(meta: Meta): Keys {
  const secret = loadSecret(meta, "secret");
  return {
    work: loadSigningKey(meta, "signing-key-work"),
    personal: loadSigningKey(meta, "signing-key-personal"),
    secret,
    downloads: createSecretKey(secret),
  };
}
