import { createHash } from "node:crypto";
import { Refusal } from "../answers.ts";
import { contentOf, hashesOf } from "../drives/drive.ts";
import { serveContent } from "../drives/serve.ts";
import { mimeTypeOf } from "../drives/mime.ts";
import { readContent, type Content } from "../drives/content.ts";
import type { Asked } from "../fault-kinds.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { seal, unseal } from "../oauth/sealed.ts";
import { forbidden, reasonAnswer, storageAnswer } from "./answers.ts";
import type { AutodeskTools, Call, Located } from "./context.ts";
import { STORAGE_HOST } from "./hosts.ts";

const MINUTES_MAX = 60;
const MINUTES = 2;
const CHUNK_BYTES = 4;
/** More of them than that are larger. */
const CHUNKS_MAX = 20;

/** GET …/signeds3download: a short-lived address of an object's bytes; of one that is still put together, several. */
export async function signedDownload(tools: AutodeskTools, call: Call, bucket: string, key: string, secret: Buffer): Promise<Response> {
  const located = tools.objects.find(bucket, key);
  const gone = tools.faults.strike("autodesk-object-gone", call.asked) !== undefined;
  if (located === undefined || gone) throw new Refusal(reasonAnswer(404, "Object not found"));
  const member = tools.access.membership(call.grant.account, located.project.driveId);
  if (member === undefined || !tools.access.sees(member, located.item)) throw forbidden();
  const minutes = Number(call.request.query.get("minutesExpiration") ?? MINUTES);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MINUTES_MAX)
    throw new Refusal(reasonAnswer(400, "The minutesExpiration parameter is invalid."));
  const hashes = await hashesOf(tools, located.project, [located.item], ["sha1"]);
  const sha1 = hashes.get(located.item.n)?.sha1;
  const { size } = located.item;
  const sign = (from: number, to: number): string => signed(tools, call, located, { from, to, minutes, secret });
  const chunked = size > 0 && tools.faults.strike("autodesk-chunked", call.asked) !== undefined;
  const withSha1 = sha1 !== undefined && !chunked && tools.faults.strike("autodesk-missing-hash", call.asked) === undefined;
  return Response.json({
    status: chunked ? "chunked" : "complete",
    ...(chunked ? { urls: chunks(size, sign) } : { url: sign(0, size) }),
    params: {
      "content-type": mimeTypeOf(located.item.name),
      "content-disposition": `attachment; filename="${encodeURIComponent(located.item.name)}"`,
    },
    size,
    ...(withSha1 && { sha1 }),
  });
}

/** In an order of its own: the ranges say which is which. */
function chunks(size: number, sign: (from: number, to: number) => string): Record<string, string> {
  const urls: [string, string][] = [];
  const length = Math.max(CHUNK_BYTES, Math.ceil(size / CHUNKS_MAX));
  for (let from = 0; from < size; from += length) {
    const to = Math.min(size, from + length);
    urls.unshift([`${from}-${to - 1}`, sign(from, to)]);
  }
  return Object.fromEntries(urls);
}

type Signing = { from: number; to: number; minutes: number; secret: Buffer };

function signed(tools: AutodeskTools, call: Call, { project, item }: Located, { from, to, minutes, secret }: Signing): string {
  const host = tools.faults.strike("autodesk-foreign-download", call.asked) === undefined ? STORAGE_HOST : "elsewhere.example";
  const claims = { d: project.no, n: item.n, r: item.contentRevision, from, to, e: tools.now() + minutes * 60_000, a: call.asked.account };
  const base = host === STORAGE_HOST ? call.request.site(host) : `https://${host}`;
  return `${base}/objects/${project.no}-${item.n}?X-Amz-Expires=${minutes * 60}&X-Amz-Signature=${seal(secret, "download", claims)}`;
}

/** S3: who has the address has the bytes. A request that brings a token besides is refused, as one with two signatures. */
export async function storage(tools: AutodeskTools, request: VendorRequest, asked: Asked, secret: Buffer): Promise<Response> {
  if (request.headers.has("authorization"))
    throw new Refusal(
      storageAnswer(400, "InvalidArgument", "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter is allowed"),
    );
  const claims = claimsOf(request, secret);
  const expired = tools.faults.strike("autodesk-url-expired", asked) !== undefined;
  if (claims === undefined) throw new Refusal(storageAnswer(403, "SignatureDoesNotMatch", "The request signature does not match."));
  if (expired || Number(claims["e"]) < tools.now()) throw new Refusal(storageAnswer(403, "AccessDenied", "Request has expired"));
  const project = tools.accounts.numbered(Number(claims["d"]));
  const item = project && tools.drives.item(project.no, Number(claims["n"]));
  if (project === undefined || item === undefined || item.contentRevision !== claims["r"])
    throw new Refusal(storageAnswer(404, "NoSuchKey", "The specified key does not exist."));
  const content = await partOf(contentOf(tools, project, item), Number(claims["from"]), Number(claims["to"]), item.size);
  const etag = `"${createHash("md5").update(`${project.no} ${item.n} ${item.contentRevision}`).digest("hex")}"`;
  const headers = { "Content-Type": mimeTypeOf(item.name), ETag: etag };
  const served = await serveContent(tools.faults, asked, content, { method: request.method, headers: request.headers }, headers);
  if (served === undefined) throw new Refusal(storageAnswer(404, "NoSuchKey", "The specified key does not exist."));
  return served;
}

/** Whom an address was signed for. */
export function signedFor(request: VendorRequest, secret: Buffer): string | undefined {
  return claimsOf(request, secret)?.["a"] as string | undefined;
}

function claimsOf(request: VendorRequest, secret: Buffer): Record<string, unknown> | undefined {
  return unseal(secret, "download", request.query.get("X-Amz-Signature") ?? "");
}

/** A chunk is a few bytes. */
async function partOf(content: Content, from: number, to: number, size: number): Promise<Content> {
  if (from === 0 && to === size) return content;
  const bytes: Uint8Array[] = [];
  for await (const some of readContent(content, from, to)) bytes.push(some);
  return { kind: "literal", bytes: Buffer.concat(bytes), size: to - from };
}
