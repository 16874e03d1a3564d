import fc from "fast-check";
import { expect, test } from "vitest";
import { ChunkReader } from "../../worker/content/chunk-reader.ts";

function plain(chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => (chunks.forEach((chunk) => controller.enqueue(chunk)), controller.close()) });
}

function native(chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  void (async () => {
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  })();
  return readable;
}

/** Reads as receivers do: each chunk is used before the one after the next is read. */
async function collect(body: ReadableStream<Uint8Array>): Promise<number[]> {
  const reader = new ChunkReader(body);
  const all: number[] = [];
  let held: Uint8Array | null = null;
  for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
    expect(chunk.byteLength).toBeGreaterThan(0);
    if (held) all.push(...held);
    held = chunk;
  }
  if (held) all.push(...held);
  reader.close();
  return all;
}

test.each([
  ["plain", plain],
  ["native", native],
] as const)("a %s body is read as it was written, whatever its chunks", async (_, open) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 20 }), async (chunks) => {
      const copies = chunks.map((chunk) => chunk.slice());
      expect(await collect(open(copies))).toEqual(chunks.flatMap((chunk) => [...chunk]));
    }),
    { numRuns: 50 },
  );
});

test.each([
  ["plain", () => new ReadableStream<Uint8Array>()],
  ["native", () => new IdentityTransformStream().readable as ReadableStream<Uint8Array>],
])("a %s body that brings nothing has stalled", async (_, open) => {
  const reader = new ChunkReader(open(), { stallSeconds: 0.1 });
  await expect(reader.read()).rejects.toMatchObject({ kind: "transient", message: expect.stringContaining("stalled") });
  reader.close();
});

test("a body whose reader is slow has not stalled", async () => {
  const reader = new ChunkReader(plain([new Uint8Array(1), new Uint8Array(2)]), { stallSeconds: 0.05 });
  expect((await reader.read())?.byteLength).toBe(1);
  await scheduler.wait(150);
  expect((await reader.read())?.byteLength).toBe(2);
  reader.close();
});

test.each([
  ["plain", () => new ReadableStream<Uint8Array>()],
  ["native", () => new IdentityTransformStream().readable as ReadableStream<Uint8Array>],
])("a %s body that is given up ends, also while it is waited for", async (_, open) => {
  const abort = new AbortController();
  const reader = new ChunkReader(open(), { signal: abort.signal });
  const reading = expect(reader.read()).rejects.toMatchObject({ kind: "transient" });
  abort.abort();
  await reading;
  reader.close();
});

test("a body that was given up before it was read ends at once", async () => {
  const reader = new ChunkReader(plain([new Uint8Array(1)]), { signal: AbortSignal.abort() });
  await expect(reader.read()).rejects.toMatchObject({ kind: "transient" });
  reader.close();
});

test("a body that breaks is transient, with its cause", async () => {
  const reader = new ChunkReader(new ReadableStream({ pull: (controller) => controller.error(new Error("reset by peer")) }));
  await expect(reader.read()).rejects.toMatchObject({ name: "ProviderError", kind: "transient", cause: { message: "reset by peer" } });
  reader.close();
});

test("what is left of a body that is closed early is let go of", async () => {
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: () => void (cancelled = true),
  });
  const reader = new ChunkReader(endless);
  await reader.read();
  reader.close();
  await scheduler.wait(1);
  expect(cancelled).toBe(true);
});
