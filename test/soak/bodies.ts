import type { OpenedContent } from "../../worker/providers/provider.ts";
import type { Weather } from "./weather.ts";

/**
 * A body that is cut short, spoilt, endless or unannounced, where the weather has it so. Never twice in the same way: bytes
 * that come twice alike are believed to be what the source has.
 */
export async function weatheredBody(opened: OpenedContent, weather: Weather): Promise<OpenedContent> {
  const { size: _size, ...unannounced } = opened;
  if (weather.strikes("source.body_stalled")) return { ...opened, body: stalling(opened.body) };
  if (weather.strikes("source.body_truncated")) return { ...opened, body: streamOf(shortened(await bytesOf(opened.body), weather)) };
  if (weather.strikes("source.body_corrupt")) return { ...opened, body: streamOf(spoilt(await bytesOf(opened.body), weather)) };
  if (weather.strikes("source.body_short")) {
    const bytes = shortened(await bytesOf(opened.body), weather);
    return { ...opened, body: streamOf(bytes), size: bytes.length };
  }
  if (weather.strikes("source.body_without_length")) return unannounced;
  return opened;
}

async function bytesOf(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

/** Of two bodies in a row, one loses an odd number of bytes, the other an even one. */
function shortened(bytes: Uint8Array, weather: Weather): Uint8Array {
  const lost = 2 * weather.pick("bytes lost", Math.ceil(bytes.length / 2)) + 1 + (weather.turn("shortened") % 2);
  return bytes.subarray(0, Math.max(0, bytes.length - lost));
}

function spoilt(bytes: Uint8Array, weather: Weather): Uint8Array {
  const flipped = 1 + (weather.turn("spoilt") % 255);
  const place = weather.pick("place", Math.max(1, bytes.length));
  return bytes.map((byte, index) => (index === place ? byte ^ flipped : byte));
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
