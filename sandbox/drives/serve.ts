import { open, type FileHandle } from "node:fs/promises";
import type { Asked, DownloadFault } from "../fault-kinds.ts";
import type { Faults } from "../faults.ts";
import { toStream } from "../streams.ts";
import { readContent, type Content } from "./content.ts";

type ByteRange = { from: number; to: number };
type Opened = { content: Content; size: number; file: FileHandle | undefined };

/** Answers a content, or the range of it that is asked for; `headers` come on top. Undefined where a file on disk is gone. */
export async function serveContent(
  faults: Faults<DownloadFault>,
  asked: Asked,
  content: Content,
  request: { method: string; headers: Headers },
  given: Record<string, string>,
): Promise<Response | undefined> {
  const opened = await openContent(content);
  if (opened === undefined) return undefined;
  const ignored = asked.ranged && faults.strike("range-ignored", asked) !== undefined;
  const range = ignored ? undefined : parseRange(request.headers.get("range"), opened.size);
  const headers = new Headers({ "Accept-Ranges": "bytes", ...given });
  if (range === "unsatisfiable") {
    await opened.file?.close();
    headers.set("Content-Range", `bytes */${opened.size}`);
    return new Response(null, { status: 416, headers });
  }
  const { from, to } = range ?? { from: 0, to: opened.size };
  headers.set("Content-Length", String(to - from));
  if (faults.strike("chunked-body", asked) !== undefined) headers.delete("Content-Length");
  if (range !== undefined) headers.set("Content-Range", `bytes ${from}-${to - 1}/${opened.size}`);
  const status = range === undefined ? 200 : 206;
  if (request.method === "HEAD") {
    await opened.file?.close();
    return new Response(null, { status, headers });
  }
  return new Response(toStream(bytesOf(opened, from, to)), { status, headers });
}

// A file on disk is served with the size that it has now: an announced length that the bytes cannot keep breaks the transfer.
async function openContent(content: Content): Promise<Opened | undefined> {
  if (content.kind !== "disk") return { content, size: content.size, file: undefined };
  try {
    const file = await open(content.path, "r");
    return { content, size: (await file.stat()).size, file };
  } catch {
    return undefined;
  }
}

async function* bytesOf(opened: Opened, from: number, to: number): AsyncGenerator<Uint8Array> {
  if (opened.file === undefined) return yield* readContent(opened.content, from, to);
  let sent = from;
  try {
    for await (const chunk of from < to ? opened.file.createReadStream({ start: from, end: to - 1, autoClose: false }) : []) {
      sent += (chunk as Uint8Array).length;
      yield chunk as Uint8Array;
    }
  } finally {
    await opened.file.close();
  }
  if (sent < to) throw new Error("The file became shorter while it was read.");
}

/** A single range of bytes; undefined where there is none, or one that a server may ignore. */
function parseRange(header: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (match === null || (first === "" && last === "")) return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { from: size - length, to: size };
  }
  const from = Number(first);
  const to = last === "" ? size : Math.min(Number(last) + 1, size);
  if (last !== "" && Number(last) < from) return undefined;
  return from >= size ? "unsatisfiable" : { from, to };
}
