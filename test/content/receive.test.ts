import fc from "fast-check";
import { expect, test } from "vitest";
import { parseHash } from "../../worker/content/digests.ts";
import { receive, type Announced } from "../../worker/content/receive.ts";
import type { OpenedContent } from "../../worker/providers/provider.ts";

const HELLO = [new TextEncoder().encode("hello "), new TextEncoder().encode("world")];
const HASHES = {
  quickXorHash: "aCgDG9jwBhDc4Q1yawMZAAAAAAA=",
  sha1: "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed",
  md5: "5eb63bbbe01eeed093cb22bb8f5acdc3",
  sha256: "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
};

function opened(chunks: readonly Uint8Array[], size?: number): OpenedContent {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => (chunks.forEach((chunk) => controller.enqueue(chunk)), controller.close()),
  });
  return { body, partial: false, ...(size !== undefined && { size }) };
}

async function received(content: OpenedContent, announced: Announced, accept = true) {
  const written: number[] = [];
  const write = async (chunk: Uint8Array) => void written.push(...chunk);
  return { receipt: await receive(content, announced, write, () => accept), written };
}

test("nothing is whole before it is accepted", async () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 100 }), { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(chunks, fc.boolean(), async (list, accept) => {
      const whole = list.flatMap((chunk) => [...chunk]);
      const { receipt, written } = await received(opened(list), { size: null, hash: null }, accept);
      expect(receipt).toMatchObject({ size: whole.length, accepted: accept });
      if (accept) expect(written).toEqual(whole);
      else expect(written).toEqual(whole.slice(0, whole.length - (list.at(-1)?.length ?? 0)));
    }),
  );
});

test.each(Object.entries(HASHES))("the %s that the source announces is checked", async (algorithm, value) => {
  const right = await received(opened(HELLO, 11), { size: 11, hash: parseHash(`${algorithm}:${value}`) });
  expect(right.receipt).toEqual({ size: 11, sha256: HASHES.sha256, matches: true, accepted: true });
  const wrong = await received(opened(HELLO, 11), { size: 11, hash: parseHash(`${algorithm}:${value.replace(/^./, "9")}`) });
  expect(wrong.receipt.matches).toBe(false);
});

test("another size than the announced one does not match", async () => {
  expect((await received(opened(HELLO), { size: 12, hash: null })).receipt.matches).toBe(false);
  expect((await received(opened(HELLO), { size: 11, hash: null })).receipt.matches).toBe(true);
});

test.each([
  ["shorter", 12, "cut short"],
  ["longer", 10, "longer"],
])("a body %s than its own header says has not come through", async (_, size, message) => {
  await expect(received(opened(HELLO, size), { size: null, hash: null })).rejects.toMatchObject({
    kind: "transient",
    message: expect.stringContaining(message),
  });
});

test.each([null, "", "quickXorHash", "crc32:abc", "sha1:"])("%j is no hash that could be checked", (text) =>
  expect(parseHash(text)).toBeNull(),
);

test("a hash that only the answer tells is verified too, and what was announced before goes first", async () => {
  const told = { ...opened(HELLO), hash: { algorithm: "sha1", value: HASHES.sha1 } } as const;
  const wrong = { ...opened(HELLO), hash: { algorithm: "sha1", value: HASHES.md5 } } as const;
  const both = { ...opened(HELLO), hash: { algorithm: "sha1", value: HASHES.md5 } } as const;
  expect((await received(told, { size: null, hash: null })).receipt.matches).toBe(true);
  expect((await received(wrong, { size: null, hash: null })).receipt.matches).toBe(false);
  expect((await received(both, { size: 11, hash: parseHash(`md5:${HASHES.md5}`) })).receipt.matches).toBe(true);
});
