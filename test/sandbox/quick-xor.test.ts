import fc from "fast-check";
import { expect, test } from "vitest";
import { QuickXorHash } from "../../sandbox/drives/quick-xor.ts";

const hash = (bytes: Uint8Array): string => new QuickXorHash().update(bytes).digest();

// From rclone's backend/onedrive/quickxorhash, inputs in base64.
const PUBLISHED = [
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
] as const;

test.each(PUBLISHED)("the published vector %j hashes to %s", (input, expected) => {
  expect(hash(Buffer.from(input, "base64"))).toBe(expected);
});

test.each([
  ["a", "YQAAAAAAAAAAAAAAAQAAAAAAAAA="],
  ["hello world", "aCgDG9jwBhDc4Q1yawMZAAAAAAA="],
  ["The quick brown fox jumps over the lazy dog", "bMSlbysmxJL6S75XwfMcQZOpcr4="],
  ["a".repeat(1000), "cIADHOAABzjAAQ5waAAcgQhEIAI="],
  ["a".repeat(1_048_576), "gxnMYAYzmMEMZjCDeMQzHvGIRzw="],
])("texts hash as computed independently", (input, expected) => {
  expect(hash(Buffer.from(input))).toBe(expected);
});

test("bytes that wrap round the register hash as computed independently", () => {
  expect(hash(new Uint8Array(160))).toBe("AAAAAAAAAAAAAAAAoAAAAAAAAAA=");
  expect(hash(Uint8Array.from({ length: 256 }, (_, i) => i))).toBe("QkGEfSisZcA7k+FCh71r2dbCayY=");
  expect(hash(new Uint8Array(161).fill(0xff))).toBe("/wAAAAAAAAAAAAAAoQAAAAAAAAA=");
});

test("however a stream is cut into chunks, and wherever these lie in memory, its hash is the same", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat(2000), { maxLength: 8 }), (bytes, cuts) => {
      const edges = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const hashed = new QuickXorHash();
      for (let i = 1; i < edges.length; i++) hashed.update(bytes.subarray(edges[i - 1], edges[i]));
      expect(hashed.digest()).toBe(hash(bytes));
    }),
  );
});
