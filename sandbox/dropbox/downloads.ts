import { Refusal } from "../answers.ts";
import type { Content } from "../drives/content.ts";
import { contentOf } from "../drives/drive.ts";
import { readContent } from "../drives/content.ts";
import { serveContent } from "../drives/serve.ts";
import type { Item } from "../drives/store.ts";
import { errorAnswer, pathError } from "./answers.ts";
import { textOf } from "./arguments.ts";
import { contentHash } from "./content-hash.ts";
import type { Call, DropboxTools } from "./context.ts";
import { exported, exportOf } from "./exports.ts";
import { findItem } from "./items.ts";
import { metadata } from "./metadata.ts";
import type { Found } from "./namespaces.ts";

/** files/download: the bytes of a file, or a range of them; what the file is stands in a header. */
export async function download(tools: DropboxTools, call: Call): Promise<Response> {
  const found = fileAt(tools, call);
  if (exportOf(found.item.name) !== undefined) throw new Refusal(errorAnswer(409, { ".tag": "unsupported_file" }));
  const described = await metadata(tools, call, found.part, found.item, found.display);
  const content = contentOf(tools, found.part.owner, found.item);
  return serve(tools, call, content, described, `W/"${String(described["rev"])}"`, call.request.headers);
}

/** files/export: a document that exists only on the web, in a format of a file. There are no ranges of it. */
export async function exportFile(tools: DropboxTools, call: Call): Promise<Response> {
  const found = fileAt(tools, call);
  const info = exportOf(found.item.name);
  if (info?.export_as === undefined) throw new Refusal(errorAnswer(409, { ".tag": "non_exportable" }));
  const asked = call.argument["export_format"] === undefined ? info.export_as : textOf(call, "export_format");
  if (asked !== info.export_as && info.export_options?.includes(asked) !== true)
    throw new Refusal(errorAnswer(409, { ".tag": "invalid_export_format" }));
  const made = exported(found.item.name, await bytesOf(tools, found), asked);
  const content: Content = { kind: "literal", bytes: made.bytes, size: made.bytes.length };
  const result = {
    export_metadata: { name: made.name, size: made.bytes.length, export_hash: await contentHash(content) },
    file_metadata: await metadata(tools, call, found.part, found.item, found.display),
  };
  return serve(tools, call, content, result, undefined, new Headers());
}

function fileAt(tools: DropboxTools, call: Call): Found {
  const found = findItem(tools, call, textOf(call, "path"));
  if (found.item.folder) throw new Refusal(pathError("not_file"));
  for (const [name, tag] of ITEM_FAULTS) if (tools.faults.strikesItem(name, call.asked, found.item)) throw new Refusal(pathError(tag));
  return found;
}

const ITEM_FAULTS = [
  ["dropbox-restricted", "restricted_content"],
  ["dropbox-locked", "locked"],
  ["dropbox-revision-gone", "not_found"],
] as const;

async function bytesOf(tools: DropboxTools, { part, item }: { part: Found["part"]; item: Item }): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readContent(contentOf(tools, part.owner, item))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function serve(
  tools: DropboxTools,
  { request, asked }: Call,
  content: Content,
  result: object,
  etag: string | undefined,
  headers: Headers,
): Promise<Response> {
  const served = await serveContent(
    tools.faults,
    asked,
    content,
    { method: request.method === "POST" ? "GET" : request.method, headers },
    {
      "Content-Type": "application/octet-stream",
      "Dropbox-API-Result": headerJson(result),
      ...(etag === undefined ? {} : { ETag: etag }),
    },
  );
  if (served === undefined) throw new Refusal(pathError("not_found"));
  return served;
}

const headerJson = (value: object): string =>
  JSON.stringify(value).replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
