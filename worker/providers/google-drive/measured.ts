import { ProviderError } from "../errors.ts";
import type { OpenedContent } from "../provider.ts";

/** Somewhat more than Google's limit for an export. */
const GATHERED_BYTES_MAX = 12 * 1024 * 1024;
/** Without a byte for so long, an export has broken off. */
const STALL_SECONDS_MAX = 60;

/**
 * Google tells the length of no export, and makes each anew, not always of the same bytes: it is gathered, so that once is enough.
 * One that is longer than Google's limit is passed on as it comes.
 */
export async function measured(opened: OpenedContent): Promise<OpenedContent> {
  if (opened.size !== undefined) return opened;
  const reader = opened.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= GATHERED_BYTES_MAX) {
    const { done, value } = await inTime(reader);
    if (done) return { ...opened, size, body: new Blob(chunks as Uint8Array<ArrayBuffer>[]).stream() };
    chunks.push(value);
    size += value.byteLength;
  }
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = chunks.length > 0 ? { done: false, value: chunks.shift() } : await reader.read();
      if (done || value === undefined) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { ...opened, body };
}

async function inTime(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<ReadableStreamReadResult<Uint8Array>> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), STALL_SECONDS_MAX * 1000);
  late.signal.addEventListener("abort", () => void reader.cancel().catch(() => undefined));
  try {
    const result = await reader.read();
    // A body that is cancelled looks like one that has ended.
    if (!late.signal.aborted) return result;
    throw new Error("No byte in time.");
  } catch (error) {
    throw new ProviderError("transient", "The connection to the provider broke.", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
