import { open, type FileHandle } from "node:fs/promises";
import type { Content } from "../drives/content.ts";
import { readContent } from "../drives/content.ts";
import { contentOf, type DriveTools } from "../drives/drive.ts";
import { mimeTypeOf } from "../drives/mime.ts";
import type { Item } from "../drives/store.ts";
import { escapeHtml } from "../html.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { openDownloadUrl } from "./download-url.ts";
import { graphAnswer, htmlAnswer } from "./fault-answers.ts";
import type { Asked, Faults } from "./faults.ts";
import type { Keys } from "./keys.ts";
import { page } from "./sign-in-page.ts";
import { toResponse } from "./answers.ts";
import { tagsOf } from "./drive-item.ts";

export type DownloadTools = DriveTools & { keys: Keys; faults: Faults };
type ByteRange = { from: number; to: number };

/** Whose file an address of a files host is about; undefined where it is not a download. */
export function downloadOwner(tools: DownloadTools, request: VendorRequest): string | undefined {
  const ticket = openDownloadUrl(tools.keys.downloads, request, tools.now(), tools.accounts.numbered);
  return ticket === undefined ? undefined : tools.accounts.numbered(ticket.accountNo)?.name;
}

/** The hosts that pre-authenticated download URLs lead to. */
export async function download(tools: DownloadTools, request: VendorRequest, asked: Asked): Promise<Response> {
  const looksLikeDownload = request.path.endsWith("/download.aspx") || request.path.startsWith("/y4m");
  if (!looksLikeDownload)
    return page(200, "OneDrive", `<h1>OneDrive</h1><p>Here Microsoft would show <code>${escapeHtml(decodeURI(request.path))}</code>.</p>`);
  const unauthorised = toResponse(
    graphAnswer(401, "unauthenticated", "The provided token is expired, invalid, or not meant for this request."),
  );
  if (request.headers.has("authorization")) return unauthorised;
  const ticket = openDownloadUrl(tools.keys.downloads, request, tools.now(), tools.accounts.numbered);
  const account = ticket === undefined ? undefined : tools.accounts.numbered(ticket.accountNo);
  if (ticket === undefined || account === undefined || ticket.expired) return unauthorised;
  const item = tools.drives.live(account.no, ticket.n);
  if (item === undefined || item.folder) return toResponse(htmlAnswer(404, "404 FILE NOT FOUND"));
  const infected = malwareAnswer(tools.faults, asked, item);
  if (infected !== undefined) return infected;
  if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405 });

  const opened = await openContent(contentOf(tools, account, item));
  if (opened === undefined) return toResponse(htmlAnswer(404, "404 FILE NOT FOUND"));
  const ignored = request.headers.has("range") && tools.faults.strike("range-ignored", asked) !== undefined;
  const range = ignored ? undefined : parseRange(request.headers.get("range"), opened.size);
  const headers = new Headers({
    "Content-Type": mimeTypeOf(item.name),
    "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(item.name)}`,
    "Accept-Ranges": "bytes",
    ETag: tagsOf(account, item).eTag,
    "Last-Modified": new Date(item.modified).toUTCString(),
    "Cache-Control": "private, max-age=0",
  });
  if (range === "unsatisfiable") {
    await opened.file?.close();
    headers.set("Content-Range", `bytes */${opened.size}`);
    return new Response(null, { status: 416, headers });
  }
  const { from, to } = range ?? { from: 0, to: opened.size };
  headers.set("Content-Length", String(to - from));
  if (tools.faults.strike("chunked-body", asked) !== undefined) headers.delete("Content-Length");
  if (range !== undefined) headers.set("Content-Range", `bytes ${from}-${to - 1}/${opened.size}`);
  const status = range === undefined ? 200 : 206;
  if (request.method === "HEAD") {
    await opened.file?.close();
    return new Response(null, { status, headers });
  }
  return new Response(toStream(bytesOf(opened, from, to)), { status, headers });
}

type Opened = { content: Content; size: number; file: FileHandle | undefined };

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

export function toStream(bytes: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull: async (controller) => {
        const { done, value } = await bytes.next();
        if (done === true) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
      },
      cancel: async () => {
        await bytes.return(undefined);
      },
    },
    { highWaterMark: 1 },
  );
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

function malwareAnswer(faults: Faults, asked: Asked, item: Item): Response | undefined {
  if (faults.list().length === 0) return undefined;
  if (faults.strikesItem("malware", asked, item)) return toResponse(graphAnswer(403, "malwareDetected", "Malware detected"));
  if (faults.strikesItem("malware-html", asked, item))
    return toResponse(htmlAnswer(403, "Malware detected", { "X-Virus-Infected": "Virus:DOS/EICAR_Test_File" }));
  if (faults.strikesItem("malware-empty", asked, item)) return new Response(null, { status: 400 });
  return undefined;
}
