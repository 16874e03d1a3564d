import { decodeBase64IgnorePadding, encodeBase64 } from "@oslojs/encoding";

// Keys are handed out in either of two forms; the platform imports the newer one, which only says besides that the key is RSA's.

const OLD_FORM = /-----BEGIN RSA PRIVATE KEY-----([\s\S]+?)-----END RSA PRIVATE KEY-----/;
/** Version 0, and the algorithm: rsaEncryption, without parameters. */
const HEAD = [0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
const SEQUENCE = 0x30;
const OCTETS = 0x04;

/** A PEM key as PKCS#8, whether it is that or PKCS#1. Throws where what is between the lines is no base64. */
export function toPkcs8(pem: string): string {
  const [, old] = OLD_FORM.exec(pem) ?? [];
  if (old === undefined) return pem;
  const key = decodeBase64IgnorePadding(old.replaceAll(/\s/g, ""));
  const whole = tagged(SEQUENCE, new Uint8Array([...HEAD, ...tagged(OCTETS, key)]));
  return `-----BEGIN PRIVATE KEY-----\n${encodeBase64(whole)}\n-----END PRIVATE KEY-----\n`;
}

/** A value of DER, with its length before it: in one byte, or in as many as the first one says. */
function tagged(tag: number, value: Uint8Array): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value.length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  const length = value.length < 0x80 ? [value.length] : [0x80 | bytes.length, ...bytes];
  return new Uint8Array([tag, ...length, ...value]);
}
