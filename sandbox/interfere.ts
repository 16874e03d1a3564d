import type { Interception } from "./faults.ts";
import { toStream } from "./streams.ts";

/** The connection is to break without an answer. */
export class ConnectionDropped extends Error {}

/** Changes an answer's headers and body as faults say, and reports how many bytes leave. */
export function interfere(
  response: Response,
  faults: Pick<Interception, "headers" | "truncate" | "corrupt">,
  shortBody: boolean,
  onBytes: (bytes: number) => void,
): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(faults.headers)) headers.set(name, value);
  const init = { status: response.status, headers };
  if (response.body === null) return new Response(null, init);
  const length = Number(headers.get("content-length") ?? Number.NaN);
  const half = Number.isNaN(length) ? 512 : Math.floor(length / 2);
  if (shortBody) {
    headers.set("Content-Length", String(half));
    return new Response(toStream(upTo(response.body, half, false, false, onBytes)), init);
  }
  // Whoever passes the answer on may end it instead of breaking it: then the closed connection tells.
  if (faults.truncate !== false) headers.set("Connection", "close");
  const end = faults.truncate === false ? Infinity : faults.truncate === true ? half : faults.truncate;
  return new Response(toStream(upTo(response.body, end, faults.truncate !== false, faults.corrupt, onBytes)), init);
}

// The first `end` bytes, with one bit wrong where they shall be corrupt; then the end, or a broken connection.
async function* upTo(
  body: ReadableStream<Uint8Array>,
  end: number,
  breaks: boolean,
  corrupt: boolean,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of body) {
    const bytes = chunk.subarray(0, Math.min(chunk.length, end - sent));
    if (corrupt && sent === 0 && bytes.length > 0) bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    sent += bytes.length;
    onBytes(bytes.length);
    if (bytes.length > 0) yield bytes;
    if (sent >= end) break;
  }
  if (breaks) throw new ConnectionDropped("A fault broke the connection.");
}
