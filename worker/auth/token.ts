import { generateRandomString } from "@oslojs/crypto/random";
import { sha256 } from "@oslojs/crypto/sha2";
import { constantTimeEqual } from "@oslojs/crypto/subtle";
import { decodeHex, encodeHexLowerCase } from "@oslojs/encoding";

// An API token is `tdm_`, its id, a secret, and a checksum: recognisable where it leaked, and told from a mistyped one
// without a look into the database. Only its SHA-256 is kept: who reads the database cannot use it.

const PREFIX = "tdm_";
const ID_CHARACTERS = 25;
const SECRET_CHARACTERS = 32;
const CHECKSUM_CHARACTERS = 8;
/** 5 bits a character: 160 in a secret. */
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const FORM = new RegExp(`^${PREFIX}([0-9a-z]{${ID_CHARACTERS}})[a-z2-7]{${SECRET_CHARACTERS}}[0-9a-f]{${CHECKSUM_CHARACTERS}}$`);

/** A new token with this id, a `timeId`. */
export function makeToken(id: string): string {
  const random = { read: (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes) };
  const body = `${PREFIX}${id}${generateRandomString(random, ALPHABET, SECRET_CHARACTERS)}`;
  return body + checksumOf(body);
}

/** The id in a token; null where it is none, or only a part of one. */
export function tokenId(token: string): string | null {
  const id = FORM.exec(token)?.[1];
  const body = token.slice(0, -CHECKSUM_CHARACTERS);
  return id !== undefined && token === body + checksumOf(body) ? id : null;
}

/** What is kept of a token, hex. */
export function hashOfToken(token: string): string {
  return encodeHexLowerCase(digestOf(token));
}

export function isTokenOf(hash: string, token: string): boolean {
  return constantTimeEqual(decodeHex(hash), digestOf(token));
}

function checksumOf(body: string): string {
  return encodeHexLowerCase(digestOf(body)).slice(0, CHECKSUM_CHARACTERS);
}

function digestOf(text: string): Uint8Array {
  return sha256(new TextEncoder().encode(text));
}
