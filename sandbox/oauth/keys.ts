import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";
import type { Meta } from "../database.ts";

/** One of the service's signing keys. */
export type SigningKey = { kid: string; privateKey: KeyObject; publicKey: KeyObject; publicJwk: JsonWebKey };

/** A secret of 32 bytes: made once, then kept by this name, so that what it sealed outlives a restart. */
export function loadSecret(meta: Meta, name: string): Buffer {
  let secret = meta.get(name);
  if (secret === undefined) meta.set(name, (secret = randomBytes(32).toString("hex")));
  return Buffer.from(secret, "hex");
}

/** A signing key: made once, then kept by this name. */
export function loadSigningKey(meta: Meta, name: string): SigningKey {
  let pem = meta.get(name);
  if (pem === undefined) {
    pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    meta.set(name, pem);
  }
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const publicJwk = publicKey.export({ format: "jwk" });
  return { kid: createHash("sha1").update(String(publicJwk.n)).digest("base64url"), privateKey, publicKey, publicJwk };
}

/** A compact JWS, RS256. */
export function signJwt(key: SigningKey, claims: object): string {
  const header = { typ: "JWT", alg: "RS256", kid: key.kid, x5t: key.kid };
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${sign("RSA-SHA256", Buffer.from(input), key.privateKey).toString("base64url")}`;
}

/** The claims of a JWS that this key signed, whatever they say; undefined where it did not. */
export function openJwt(key: SigningKey, jwt: string): Record<string, unknown> | undefined {
  const [header, claims, signature] = jwt.split(".");
  if (header === undefined || claims === undefined || signature === undefined) return undefined;
  if (!verify("RSA-SHA256", Buffer.from(`${header}.${claims}`), key.publicKey, Buffer.from(signature, "base64url"))) return undefined;
  return JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
