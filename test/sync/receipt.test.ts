import { expect, it } from "vitest";
import { publicReceiptKeys } from "../../worker/receipt-keys.ts";
import { canonicalJson } from "../../worker/sync/receipt.ts";

it("canonical JSON has sorted names, no spaces, and text as RFC 8785 writes it", () => {
  const value = { ё: 1, b: [true, null, { z: '€"\\\n\u001f', a: -7 }], B: {}, a: "" };
  expect(canonicalJson(value)).toBe('{"B":{},"a":"","b":[true,null,{"a":-7,"z":"€\\"\\\\\\n\\u001f"}],"ё":1}');
});

it("what has no canonical form here is refused", () => {
  for (const value of [1.5, Number.NaN, 2 ** 53, undefined, () => 1]) expect(() => canonicalJson({ value })).toThrow("canonical form");
});

it("a master key always has the same receipt key: receipts of years ago stay verifiable", async () => {
  const [key] = await publicReceiptKeys({ MASTER_KEYS: "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" });
  expect(key).toEqual({
    kty: "OKP",
    crv: "Ed25519",
    x: "1bTIWSNbAO5Vt-OkkHu-aHjoq747QiDBuCzY_8EDnug",
    kid: "test",
    use: "sig",
    alg: "EdDSA",
  });
});
