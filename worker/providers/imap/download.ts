import type { FetchMessageObject, ImapFlow } from "imapflow";
import { ProviderError } from "../errors.ts";
import type { ByteRange, ContentRef, OpenedContent } from "../provider.ts";
import { type Connection, inTime } from "./connection.ts";
import { type Decoder, decoderFor } from "./decode.ts";
import { toProviderError } from "./errors.ts";
import { type ItemId, parseId } from "./ids.ts";
import { examine } from "./mailbox.ts";

/** Asked for at once: a mail of usual size is one answer. */
const CHUNK_BYTES = 1024 * 1024;
/** An attachment up to this size, encoded, is decoded before it is handed on: only then is its length known. */
const MEASURED_BYTES_MAX = 8 * 1024 * 1024;

type Content = Extract<ItemId, { kind: "mail" | "part" }>;

/** The next piece of a content; empty at its end. `from`: bytes before it. */
type Pieces = (from: number) => Promise<Uint8Array>;

/**
 * A mail exactly as it came in, or one of its parts, decoded. The connection is this content's until its body has ended or was let
 * go of. A part is always served from its beginning: what a range of it is only decoding tells.
 */
export async function open(
  connection: Connection,
  { id, feedId }: ContentRef,
  { range, signal }: { range?: ByteRange; signal?: AbortSignal },
): Promise<OpenedContent> {
  const item = parseId(id);
  if (item?.kind !== "mail" && item?.kind !== "part") throw new ProviderError("unsupported", "This is neither a mail nor a part of one.");
  const { host } = await connection.settings();
  const { client, release } = await connection.take();
  try {
    signal?.throwIfAborted();
    const opened = await inTime(client, async () => {
      await expectSameBox(client, feedId, item);
      return item.kind === "mail" ? openMail(client, item.uid, range) : openPart(client, item);
    });
    if (opened.rest === null) {
      await release("keep");
      return { ...opened.facts, body: bodyOf(opened.first, null, () => undefined, host) };
    }
    const ended = (how: "keep" | "broken") => void release(how);
    return { ...opened.facts, body: bodyOf(opened.first, opened.rest, ended, host) };
  } catch (error) {
    const problem = toProviderError(error, host);
    // That it is not there is an answer like others: the connection is as good as before.
    await release(problem.kind === "expired_url" || problem.status === 416 ? "keep" : "broken");
    throw problem;
  }
}

async function expectSameBox(client: ImapFlow, path: string, { validity }: Content): Promise<void> {
  const box = client.mailbox;
  const current = box && box.path === path ? String(box.uidValidity) : (await examine(client, path)).validity;
  if (current !== validity) throw missing();
}

interface Opened {
  facts: Omit<OpenedContent, "body">;
  first: Uint8Array;
  /** What comes after the first piece; null where that is all. */
  rest: Pieces | null;
}

async function openMail(client: ImapFlow, uid: number, range: ByteRange | undefined): Promise<Opened> {
  const start = range?.offset ?? 0;
  const end = range ? range.offset + range.length : Infinity;
  const ask = (from: number) => Math.min(CHUNK_BYTES, end - from);
  const pieces: Pieces = async (from) => {
    const at = start + from;
    if (ask(at) <= 0) return new Uint8Array();
    const answer = await fetchOne(client, uid, { source: { start: at, maxLength: ask(at) } });
    return within(answer.source ?? new Uint8Array(), ask(at), at === 0 && range === undefined);
  };
  const first = await pieces(0);
  if (start > 0 && first.length === 0) throw new ProviderError("fatal", "The range lies past the end.", { status: 416 });
  const whole = first.length !== ask(start) || (range !== undefined && range.length <= first.length);
  const facts = { partial: range !== undefined, contentType: "message/rfc822", ...(whole && { size: first.length }) };
  return { facts, first, rest: whole ? null : pieces };
}

async function openPart(client: ImapFlow, { uid, part }: Extract<Content, { kind: "part" }>): Promise<Opened> {
  const decode = decoderFor(await encodingOf(client, uid, part));
  const raw: Pieces = async (from) => {
    const answer = await fetchOne(client, uid, { bodyParts: [{ key: part, start: from, maxLength: CHUNK_BYTES }] });
    const bytes = answer.bodyParts?.get(part);
    if (bytes === undefined && from === 0) throw missing();
    return within(bytes ?? new Uint8Array(), CHUNK_BYTES, from === 0);
  };
  const decoded = decodedPieces(raw, decode);
  const begun: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const piece = await decoded(bytes);
    if (piece.length === 0) return { facts: { partial: false, size: bytes }, first: joined(begun, bytes), rest: null };
    begun.push(piece);
    bytes += piece.length;
    if (bytes >= MEASURED_BYTES_MAX) return { facts: { partial: false }, first: joined(begun, bytes), rest: decoded };
  }
}

/** Pieces with something in them, until the end. */
function decodedPieces(raw: Pieces, decode: Decoder): Pieces {
  let from = 0;
  let ended = false;
  return async () => {
    while (!ended) {
      const piece = from >= 0 ? await raw(from) : new Uint8Array();
      from += piece.length;
      ended = piece.length < CHUNK_BYTES;
      const decoded = piece.length > 0 ? decode(piece) : new Uint8Array();
      const rest = ended ? decode(null) : new Uint8Array();
      if (decoded.length + rest.length > 0) return joined([decoded, rest], decoded.length + rest.length);
    }
    return new Uint8Array();
  };
}

/** As the part's own header says; of a mail that is all one part, the mail's. */
async function encodingOf(client: ImapFlow, uid: number, part: string): Promise<string> {
  const { bodyStructure } = await fetchOne(client, uid, { bodyStructure: true });
  let node = bodyStructure;
  for (const step of node?.part === undefined && node?.childNodes ? part.split(".") : []) node = node?.childNodes?.[Number(step) - 1];
  return node?.encoding ?? "";
}

async function fetchOne(client: ImapFlow, uid: number, query: Parameters<ImapFlow["fetchOne"]>[1]): Promise<FetchMessageObject> {
  const answer = await client.fetchOne(String(uid), query, { uid: true });
  if (!answer) throw missing();
  return answer;
}

/** Some servers know no parts of a content and answer with all of it: good at the beginning, useless later. */
function within(bytes: Uint8Array, asked: number, wholeWillDo: boolean): Uint8Array {
  if (bytes.length <= asked || wholeWillDo) return bytes;
  throw new ProviderError("unsupported", "The server cannot serve a large mail in pieces.");
}

/** Whether the mail is still there, perhaps under another number, is for `lookup` to say. */
function missing(): ProviderError {
  return new ProviderError("expired_url", "The mail is no longer there under this number.");
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function bodyOf(first: Uint8Array, rest: Pieces | null, ended: (how: "keep" | "broken") => void, host: string): ReadableStream<Uint8Array> {
  let sent = 0;
  let piece: Uint8Array | null = first;
  const source: UnderlyingByteSource = {
    type: "bytes",
    async pull(controller) {
      try {
        piece ??= rest === null ? new Uint8Array() : await rest(sent);
      } catch (error) {
        ended("broken");
        return controller.error(toProviderError(error, host));
      }
      // Copied, since what is enqueued is taken away, and several pieces may lie in one buffer.
      if (piece.length > 0) controller.enqueue(new Uint8Array(piece));
      sent += piece.length;
      const done = piece.length === 0 || rest === null;
      piece = null;
      if (!done) return;
      ended("keep");
      controller.close();
      // A read that waits with its own buffer ends only by being answered.
      controller.byobRequest?.respond(0);
    },
    // Between two pieces nothing is under way: the connection is as good as before.
    cancel: () => ended("keep"),
  };
  return new ReadableStream(source);
}
