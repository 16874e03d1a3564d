import { randomFrom } from "./drives/random.ts";
import type { Interception } from "./faults.ts";
import { toStream } from "./streams.ts";

/** Damage falls elsewhere each time: a client that asks twice and is told the same may believe it. */
const where = randomFrom(1);

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
  if (shortBody) {
    const end = Math.floor(where() * (Number.isNaN(length) ? 512 : length));
    headers.set("Content-Length", String(end));
    return new Response(toStream(upTo(response.body, end, false, false, onBytes)), init);
  }
  const half = Number.isNaN(length) ? 512 : Math.floor(length / 2);
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
    if (corrupt && sent === 0 && bytes.length > 0) damage(bytes);
    sent += bytes.length;
    onBytes(bytes.length);
    if (bytes.length > 0) yield bytes;
    if (sent >= end) break;
  }
  if (breaks) throw new ConnectionDropped("A fault broke the connection.");
}

function damage(bytes: Uint8Array): void {
  const at = Math.floor(where() * bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(where() * 8));
}
