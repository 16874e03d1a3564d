import type { OpenedContent } from "../../worker/providers/provider.ts";
import type { Weather } from "./weather.ts";

/** A body that is cut short, spoilt, endless or unannounced, where the weather has it so. */
export async function weatheredBody(opened: OpenedContent, weather: Weather): Promise<OpenedContent> {
  const { size: _size, ...unannounced } = opened;
  if (weather.strikes("source.body_stalled")) return { ...opened, body: stalling(opened.body) };
  if (weather.strikes("source.body_truncated")) return { ...opened, body: await changed(opened.body, shortened) };
  if (weather.strikes("source.body_corrupt")) return { ...opened, body: await changed(opened.body, spoilt) };
  if (weather.strikes("source.body_short")) {
    const bytes = shortened(await bytesOf(opened.body));
    return { ...opened, body: streamOf(bytes), size: bytes.length };
  }
  if (weather.strikes("source.body_without_length")) return unannounced;
  return opened;
}

async function changed(body: ReadableStream<Uint8Array>, change: (bytes: Uint8Array) => Uint8Array): Promise<ReadableStream<Uint8Array>> {
  return streamOf(change(await bytesOf(body)));
}

async function bytesOf(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

function shortened(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}

function spoilt(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 0x80 : byte));
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes.slice());
      controller.close();
    },
  });
}

/** Begins, and never ends. */
function stalling(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let begun = false;
  return new ReadableStream({
    async pull(controller) {
      if (begun) return new Promise(() => undefined);
      begun = true;
      const { value } = await reader.read();
      if (value && value.length > 1) controller.enqueue(value.slice(0, 1));
      return undefined;
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
