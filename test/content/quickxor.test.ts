import { decodeBase64 } from "@oslojs/encoding";
import fc from "fast-check";
import { expect, test } from "vitest";
import { QuickXorHash } from "../../worker/content/quickxor.ts";

// Input in base64, and its hash: from rclone's quickxorhash_test.go.
const PUBLISHED: [string, string][] = [
  ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="],
  ["Sg==", "SgAAAAAAAAAAAAAAAQAAAAAAAAA="],
  ["tbQ=", "taAFAAAAAAAAAAAAAgAAAAAAAAA="],
  ["0pZP", "0rDEEwAAAAAAAAAAAwAAAAAAAAA="],
  ["/aNzzCFPS/A=", "/RjFHJgRgicsAR4ACAAAAAAAAAA="],
  ["vPgoDjOfO6fm71RxLw==", "vMAHChwwg0/s4BTmdQcV4vACAAA="],
  ["XoJ1AsoR4fDYJrDqYs4=", "XhBEHQSgjAiEAx7YPgEs1CEGZwA="],
  ["gQaybEqS/4UlDc8e4IJm", "gDCALNigBEn8oxAlZ8AzPAAOQZg="],
  ["2fuxhBJXtpWFe8dOfdGeHw==", "O9tHLAghgSvYohKFyMMxnNCHaHg="],
  ["T6LYJIfDh81JrAK309H2JMJTXis=", "zBTHrspn3mEcohlJdIUAbjGNaNg="],
  ["DWAAX5/CIfrmErgZa8ot6ZraeSbu", "LR2Z0PjuRYGKQB/mhQAuMrAGZbQ="],
  ["NbYXsp5/K6mR+NmHwExjvWeWDJFnXTKWVlzYHoesp2E=", "wjuAuWDiq04qDt1R8hHWDDcwVoQ="],
  ["YnF4smoy9hox2jBlJ3VUa4qyCRhOZbWcmFGIiszTT4zAdYHsqJazyg==", "arkIn+ELddmE8N34J9ydyFKW+9w="],
  ["L+LSB8kmGMnHaWVA5P/+qFnfQliXvgJW7d2JGAgT6+koi5NQujFW1bwQVoXrBVyob/gBxGizUoJMgid5gGNo", "ndX/KZBtFoeO3xKeo1ajO/Jy+rY="],
  ["Mb7EGva2rEE5fENDL85P+BsapHEEjv2/siVhKjvAQe02feExVOQSkfmuYzU/kTF1MaKjPmKF/w+cbvwfdWL8aQ==", "n1anP5NfvD4XDYWIeRPW3ZkPv1Y="],
];

const COMPUTED: [string, Uint8Array, string][] = [
  ["a", new TextEncoder().encode("a"), "YQAAAAAAAAAAAAAAAQAAAAAAAAA="],
  ["hello", new TextEncoder().encode("hello"), "aCgDG9jwBgAAAAAABQAAAAAAAAA="],
  ["hello world", new TextEncoder().encode("hello world"), "aCgDG9jwBhDc4Q1yawMZAAAAAAA="],
  ["the fox", new TextEncoder().encode("The quick brown fox jumps over the lazy dog"), "bMSlbysmxJL6S75XwfMcQZOpcr4="],
  ["160 zeros", new Uint8Array(160), "AAAAAAAAAAAAAAAAoAAAAAAAAAA="],
  ["0 to 255", Uint8Array.from({ length: 256 }, (_, i) => i), "QkGEfSisZcA7k+FCh71r2dbCayY="],
  ["161 times 0xff", new Uint8Array(161).fill(0xff), "/wAAAAAAAAAAAAAAoQAAAAAAAAA="],
  ["1,000 times a", new Uint8Array(1_000).fill(0x61), "cIADHOAABzjAAQ5waAAcgQhEIAI="],
  ["a mebibyte of a", new Uint8Array(1_048_576).fill(0x61), "gxnMYAYzmMEMZjCDeMQzHvGIRzw="],
];

test.each(PUBLISHED)("the published hash of %s", (input, hash) => {
  expect(new QuickXorHash().update(decodeBase64(input)).digest()).toBe(hash);
});

test.each(COMPUTED)("the known hash of %s", (_, bytes, hash) => {
  expect(new QuickXorHash().update(bytes).digest()).toBe(hash);
});

test("the hash does not depend on where the stream is cut, nor on how its chunks lie in memory", () => {
  const pieces = fc.array(fc.tuple(fc.uint8Array({ maxLength: 2_000 }), fc.nat(7)), { maxLength: 12 });
  fc.assert(
    fc.property(pieces, (list) => {
      const cut = new QuickXorHash();
      for (const [bytes, shift] of list) cut.update(shifted(bytes, shift));
      expect(cut.digest()).toBe(byDefinition(list.flatMap(([bytes]) => [...bytes])));
    }),
    { numRuns: 300 },
  );
});

test("large chunks, each longer than one slice of the fast path, hash as the definition says", () => {
  const bytes = Uint8Array.from({ length: 200_003 }, (_, i) => (i * 7_919 + (i >>> 8)) & 0xff);
  const hash = new QuickXorHash();
  for (let at = 0; at < bytes.length; at += 70_001) hash.update(bytes.subarray(at, at + 70_001));
  expect(hash.digest()).toBe(byDefinition([...bytes]));
});

test("reading the hash in between changes nothing", () => {
  const hash = new QuickXorHash().update(new TextEncoder().encode("hello"));
  expect(hash.digest()).toBe("aCgDG9jwBgAAAAAABQAAAAAAAAA=");
  expect(hash.update(new TextEncoder().encode(" world")).digest()).toBe("aCgDG9jwBhDc4Q1yawMZAAAAAAA=");
});

test("the shares of a stream's stretches, in any order, make the hash of the whole", () => {
  const stretches = fc.array(fc.uint8Array({ maxLength: 1_000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(stretches, fc.infiniteStream(fc.nat()), (list, random) => {
      let offset = 0;
      const shares = list.map((bytes) => {
        const share = { share: new QuickXorHash().update(bytes).share(), offset, length: bytes.length, order: random.next().value };
        offset += bytes.length;
        return share;
      });
      const joined = new QuickXorHash();
      for (const { share, offset, length } of shares.toSorted((one, other) => one.order - other.order))
        joined.addShare(share, offset, length);
      expect(joined.digest()).toBe(byDefinition(list.flatMap((bytes) => [...bytes])));
    }),
    { numRuns: 300 },
  );
});

test("a share that is none is refused", () => {
  expect(() => new QuickXorHash().addShare("AAAA", 0, 3)).toThrow(/160/);
});

function shifted(bytes: Uint8Array, shift: number): Uint8Array {
  const memory = new Uint8Array(bytes.length + shift);
  memory.set(bytes, shift);
  return memory.subarray(shift);
}

/** The definition, bit by bit, with a big number for a register. */
function byDefinition(bytes: number[]): string {
  const ring = (1n << 160n) - 1n;
  let register = 0n;
  bytes.forEach((byte, i) => {
    const at = BigInt((i * 11) % 160);
    register ^= ((BigInt(byte) << at) & ring) | (BigInt(byte) >> (160n - at));
  });
  register ^= BigInt(bytes.length) << 96n;
  const digest = Array.from({ length: 20 }, (_, i) => Number((register >> BigInt(8 * i)) & 0xffn));
  return btoa(String.fromCharCode(...digest));
}
