import { encodeBase32LowerCaseNoPadding, encodeBase64urlNoPadding } from "@oslojs/encoding";

const ID_BYTES = 10;
const SECRET_BYTES = 32;
const TIME_ID = /^[a-z0-9]{25}$/;

/** A random id of 16 characters: 80 bits, lower case. */
export function randomId(): string {
  return encodeBase32LowerCaseNoPadding(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
}

/** A random id of 25 characters that sorts by the time it was made: 9 of milliseconds (base 36), then 80 random bits. */
export function timeId(now: number): string {
  return now.toString(36).padStart(9, "0") + randomId();
}

export function isTimeId(text: string): boolean {
  return TIME_ID.test(text);
}

/** 256 random bits, for what must not be guessed. */
export function randomSecret(): string {
  return encodeBase64urlNoPadding(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}
