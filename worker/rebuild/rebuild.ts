import { encodeHexLowerCase } from "@oslojs/encoding";
import { z } from "zod";
import { userObject } from "../context.ts";
import { toldContent } from "../content/metadata.ts";
import { accounts, catalogue } from "../db/client.ts";
import type { FoundContent } from "../db/rebuild.ts";
import { addContents, usersAfter, writeAccount } from "../db/rebuild.ts";
import { ACCOUNTS_PREFIX, loadAccount } from "./accounts.ts";

// The catalogue from the bucket, a chunk a call: first the accounts, whose objects then rest; then the contents; then the
// objects, which go on and compare everything with the source. A chunk that is repeated changes nothing.

const ACCOUNTS_MAX = 20;
const CONTENTS_MAX = 500;
const OBJECTS_MAX = 20;
/** Contents without a noted SHA-256 are read again for it: about this many bytes a chunk, and at least one content. */
const READ_BYTES_MAX = 256 * 1024 ** 2;
const CONTENT_KEY = /^content\/([a-z0-9]+)\/([a-z0-9]+)\/([^/]+)$/;

const place = z.object({ phase: z.enum(["accounts", "contents", "objects"]), after: z.string().max(2000) });
export const rebuildCursor = z.codec(z.string().max(4000), place, {
  decode: (text, context) => {
    try {
      return JSON.parse(text) as z.output<typeof place>;
    } catch {
      context.issues.push({ code: "custom", input: text, message: "not one of ours" });
      return z.NEVER;
    }
  },
  encode: (value) => JSON.stringify(value),
});
type Place = z.infer<typeof place>;

export interface RebuildAnswer {
  /** Null: everything is done. */
  cursor: string | null;
  /** By this chunk. */
  accounts: number;
  contents: number;
  /** Objects of the bucket that could not be used, by key. */
  passedBy: string[];
}

export async function rebuildChunk(env: Env, at: Place, now: number): Promise<RebuildAnswer> {
  switch (at.phase) {
    case "accounts":
      return rebuildAccounts(env, at.after);
    case "contents":
      return rebuildContents(env, at.after, now);
    case "objects":
      return resumeObjects(env, at.after);
  }
}

async function rebuildAccounts(env: Env, after: string): Promise<RebuildAnswer> {
  const list = await env.CONTENT.list({ prefix: ACCOUNTS_PREFIX, limit: ACCOUNTS_MAX, ...(after !== "" && { startAfter: after }) });
  let done = 0;
  for (const { key } of list.objects) {
    const rows = await loadAccount(env.CONTENT, key);
    if (!rows) continue;
    await writeAccount(accounts(env), catalogue(env, rows.user.homeShard), rows);
    // The object knows better than the bucket which connections and syncs there are.
    await userObject(env, rows.user.id).rebuildBegins();
    done += 1;
  }
  const last = list.objects.at(-1)?.key ?? "";
  return { ...answer(list.truncated ? { phase: "accounts", after: last } : { phase: "contents", after: "" }), accounts: done };
}

async function rebuildContents(env: Env, after: string, now: number): Promise<RebuildAnswer> {
  const list = await env.CONTENT.list({
    prefix: "content/",
    limit: CONTENTS_MAX,
    include: ["customMetadata", "httpMetadata"],
    ...(after !== "" && { startAfter: after }),
  });
  const passedBy: string[] = [];
  const found = new Map<string, FoundContent[]>();
  let through = after;
  let read = 0;
  for (const object of list.objects) {
    if (read >= READ_BYTES_MAX) break;
    through = object.key;
    const [, userId, syncId, storedId] = CONTENT_KEY.exec(object.key) ?? [];
    const told = toldContent(object);
    if (!told || userId === undefined || syncId === undefined || storedId === undefined) {
      passedBy.push(object.key);
      continue;
    }
    if (told.sha256 === null) read += object.size;
    const sha256 = told.sha256 ?? (await digestOf(env.CONTENT, object.key));
    const owner = `${userId}/${syncId}`;
    found.set(owner, [...(found.get(owner) ?? []), { ...told, sha256, storedId }]);
  }
  for (const [owner, contents] of found) {
    const [userId = "", syncId = ""] = owner.split("/");
    // Only the first shard is known of a user whose row is missing; their contents are in no sync, and change nothing.
    for (const wave of wavesOf(contents)) await addContents(catalogue(env, 0), { userId, syncId }, wave, now);
  }
  const more = list.truncated || through !== (list.objects.at(-1)?.key ?? after);
  const contents = [...found.values()].reduce((sum, each) => sum + each.length, 0);
  return { ...answer(more ? { phase: "contents", after: through } : { phase: "objects", after: "" }), contents, passedBy };
}

/** Contents in the order of their keys, and none of these lists has two of one item. */
function wavesOf(contents: readonly FoundContent[]): FoundContent[][] {
  const waves: FoundContent[][] = [];
  const seen = new Map<string, number>();
  for (const content of contents) {
    const wave = seen.get(content.remoteId) ?? 0;
    seen.set(content.remoteId, wave + 1);
    (waves[wave] ??= []).push(content);
  }
  return waves;
}

async function digestOf(bucket: R2Bucket, key: string): Promise<string> {
  const object = await bucket.get(key);
  if (!object) throw new Error(`The content ${key} was deleted while it was read.`);
  const digest = new crypto.DigestStream("SHA-256");
  await object.body.pipeTo(digest);
  return encodeHexLowerCase(new Uint8Array(await digest.digest));
}

async function resumeObjects(env: Env, after: string): Promise<RebuildAnswer> {
  const ids = await usersAfter(accounts(env), after, OBJECTS_MAX);
  for (const id of ids) await userObject(env, id).rebuildEnds();
  const last = ids.at(-1);
  return answer(last !== undefined && ids.length === OBJECTS_MAX ? { phase: "objects", after: last } : null);
}

function answer(next: Place | null): RebuildAnswer {
  return { cursor: next && rebuildCursor.encode(next), accounts: 0, contents: 0, passedBy: [] };
}
