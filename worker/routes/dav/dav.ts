import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { requireDavUser } from "../../auth/dav.ts";
import { rateLimit } from "../../auth/rate-limit.ts";
import type { AppContext, UserEnv } from "../../context.ts";
import type { Database } from "../../db/client.ts";
import { catalogue } from "../../db/client.ts";
import type { DavEntry } from "../../db/dav.ts";
import type { SyncRow } from "../../db/syncs.ts";
import { AppError } from "../../errors.ts";
import { errorFields } from "../../log.ts";
import { sendStored } from "../send-content.ts";
import type { Resource } from "./multistatus.ts";
import { FINITE_DEPTH_ONLY, MULTISTATUS_BEGIN, MULTISTATUS_END, responseOf } from "./multistatus.ts";
import { entryName, hrefOf, segmentsOf } from "./names.ts";
import type { Asked } from "./propfind.ts";
import { depthOf, parsePropfind } from "./propfind.ts";
import type { Place } from "./tree.ts";
import { davSyncs, entriesOf, findPlace } from "./tree.ts";

const BODY_BYTES_MAX = 64 * 1024;
const METHODS = "OPTIONS, GET, HEAD, PROPFIND";

/** Where these routes are. */
const BASE = "dav";

/** A user's copies as a folder that programs can read (WebDAV, RFC 4918 class 1), and nothing can change. */
export const davRoutes = new Hono<UserEnv>()
  .use(requireDavUser)
  .use(
    rateLimit<UserEnv>(
      (env) => env.API_LIMIT,
      (c) => c.var.user.id,
    ),
  )
  .use(async (c, next) => {
    await next();
    c.header("dav", "1");
    if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  })
  .on("OPTIONS", ["/", "/*"], (c) => c.body(null, 200, { allow: METHODS, "ms-author-via": "DAV" }))
  .on("PROPFIND", ["/", "/*"], bodyLimit({ maxSize: BODY_BYTES_MAX, onError: tooLarge }), async (c) => {
    const depth = depthOf(c.req.header("depth"));
    const asked = parsePropfind(await c.req.text());
    const { segments, syncs, place } = await find(c);
    if (depth === "infinity" && place.kind !== "file")
      return c.body(FINITE_DEPTH_ONLY, 403, { "content-type": "application/xml; charset=utf-8" });
    const resources = listed(c, { segments, syncs, place, deep: depth === 1 });
    return c.body(streamOf(c, resources, { asked, usedBytes: usedBytesOf(syncs) }), 207, {
      "content-type": "application/xml; charset=utf-8",
    });
  })
  /** HEAD as well. */
  .on("GET", ["/", "/*"], async (c) => {
    const { place } = await find(c);
    if (place.kind !== "file") return refuse(c, "This is a folder: WebDAV lists it with PROPFIND.");
    const { storedId, size, sha256, name, mimeType, modifiedAt, damaged } = place.entry;
    if (storedId === null || size === null || sha256 === null) throw new Error("A file is shown whose content is not here.");
    if (damaged === 1) throw new AppError("version.damaged", "What is stored of this file is known to be damaged.");
    const answer = await sendStored(c, place.sync.id, { name, mimeType }, { storedId, size, sha256 });
    if (modifiedAt !== null) answer.headers.set("last-modified", new Date(modifiedAt).toUTCString());
    return answer;
  })
  .all("/*", (c) => refuse(c, "This door is for reading only."));

interface Found {
  segments: string[];
  syncs: ReadonlyMap<string, SyncRow>;
  place: Place;
}

/** What the request's path names. The platform's own reading of an address: names are data, whatever is in them. */
async function find(c: AppContext<UserEnv>): Promise<Found> {
  const { id: userId } = c.var.user;
  const db = database(c);
  const path = segmentsOf(new URL(c.req.url).pathname);
  if (path === null) throw notFound();
  const [, ...segments] = path;
  const syncs = await davSyncs(db, userId);
  const place = await findPlace(db, userId, syncs, segments);
  if (!place) throw notFound();
  return { segments, syncs, place };
}

/** The resource itself and, where they are asked for, those in it. */
async function* listed(c: AppContext<UserEnv>, { segments, syncs, place, deep }: Found & { deep: boolean }): AsyncGenerator<Resource[]> {
  const at = (names: readonly string[], isFolder: boolean) => hrefOf([BASE, ...segments, ...names], isFolder);
  const ofEntry = (entry: DavEntry, name: string, names: readonly string[]) => entryResource(entry, name, at(names, entry.kind === 0));
  const here = segments.at(-1) ?? "";
  if (place.kind === "top") {
    yield [{ href: at([], true), name: "Tidemark", createdAt: null, modifiedAt: null, content: null }];
    if (deep) yield [...syncs].map(([name, sync]) => syncResource(sync, name, at([name], true)));
    return;
  }
  yield [place.entry === null ? syncResource(place.sync, here, at([], true)) : ofEntry(place.entry, here, [])];
  if (!deep || place.kind === "file") return;
  for await (const entries of entriesOf(database(c), { userId: c.var.user.id, syncId: place.sync.id }, place.parents)) {
    yield entries.map((entry) => {
      const name = entryName(entry);
      return ofEntry(entry, name, [name]);
    });
  }
}

/** A multistatus as it comes. One that fails half-way ends without its end, and the connection with it: nobody takes it for whole. */
function streamOf(
  c: AppContext<UserEnv>,
  resources: AsyncGenerator<Resource[]>,
  { asked, usedBytes }: { asked: Asked; usedBytes: number },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start: (controller) => controller.enqueue(encoder.encode(MULTISTATUS_BEGIN)),
    async pull(controller) {
      try {
        const { done, value } = await resources.next();
        // Never empty: nobody pulls again for nothing.
        const text = done ? MULTISTATUS_END : `${value.map((resource) => responseOf(resource, asked, usedBytes)).join("")}\n`;
        controller.enqueue(encoder.encode(text));
        if (done) controller.close();
      } catch (error) {
        c.var.log.error("dav.listing_failed", errorFields(error));
        controller.error(error);
      }
    },
    cancel: () => void resources.return(undefined),
  });
}

function entryResource({ kind, createdAt, modifiedAt, size, sha256, mimeType }: DavEntry, name: string, href: string): Resource {
  const content = kind === 0 || size === null || sha256 === null ? null : { size, sha256, mimeType };
  return { href, name, createdAt, modifiedAt, content };
}

function syncResource({ createdAt, upToDateAt }: SyncRow, name: string, href: string): Resource {
  return { href, name, createdAt, modifiedAt: upToDateAt, content: null };
}

function usedBytesOf(syncs: ReadonlyMap<string, SyncRow>): number {
  return [...syncs.values()].reduce((sum, sync) => sum + sync.storedBytes + sync.versionBytes, 0);
}

function database(c: AppContext<UserEnv>): Database {
  return catalogue(c.env, c.var.user.homeShard);
}

function refuse(c: AppContext<UserEnv>, message: string): never {
  c.header("allow", METHODS);
  throw new AppError("dav.read_only", message);
}

function tooLarge(): never {
  throw new AppError("request.body_too_large", `A request has at most ${BODY_BYTES_MAX} bytes.`);
}

function notFound(): AppError {
  return new AppError("item.not_found", "There is nothing at this path.");
}
