import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { decodeItemId } from "../../worker/item-id.ts";
import type { Change } from "../../worker/wire.ts";
import { callJson } from "../routes/client.ts";
import { seedSession } from "../routes/seed.ts";
import { arm, disarm, workOff } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser } from "../support/memory-user.ts";

// Whoever follows the stream of changes, and nothing else, has what the mirror has: read while everything changes, each item
// as it is when its change is read, over kills of the object at any time.

const FOLDERS = ["/a", "/b", "/a/deep"];

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => {
  disarm();
  vi.useRealTimers();
});

const place = fc.record({ folder: fc.constantFrom(...FOLDERS), name: fc.constantFrom("1", "2", "3", "4") });
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("put" as const), at: place, content: fc.string({ minLength: 1, maxLength: 9 }) }) },
  fc.record({ do: fc.constant("move" as const), at: place, to: fc.constantFrom(...FOLDERS) }),
  fc.record({ do: fc.constant("rename" as const), at: place, to: fc.constantFrom("5", "6") }),
  fc.record({ do: fc.constant("delete" as const), at: place }),
  fc.record({ do: fc.constant("renameFolder" as const), folder: fc.constantFrom(...FOLDERS), to: fc.constantFrom("x", "y") }),
  fc.record({ do: fc.constant("deleteFolder" as const), folder: fc.constantFrom(...FOLDERS) }),
);
const kill = fc.record({ after: fc.nat(25), effect: fc.boolean() });
const round = fc.record({ operations: fc.array(operation, { minLength: 1, maxLength: 5 }), kill: fc.option(kill) });

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;
type Place = typeof place extends fc.Arbitrary<infer T> ? T : never;

function perform({ drive }: MemoryUser, change: Operation): void {
  const idOf = ({ folder, name }: Place) => drive.put(`${folder}/${name}.txt`, `${folder}/${name}`);
  switch (change.do) {
    case "put":
      drive.put(`${change.at.folder}/${change.at.name}.txt`, change.content);
      return;
    case "move":
      drive.move(idOf(change.at), change.to);
      return;
    case "rename":
      drive.rename(idOf(change.at), `${change.to}.txt`);
      return;
    case "delete":
      drive.delete(idOf(change.at));
      return;
    case "renameFolder":
      drive.rename(drive.mkdir(change.folder), change.to);
      return;
    case "deleteFolder":
      drive.delete(drive.mkdir(change.folder));
  }
}

type Replica = Map<string, { parent: string | null; name: string; size: number | null; sha256: string | null }>;

/** Follows the stream from this cursor to its end; answers the new one. */
async function follow(cookie: string, replica: Replica, from: string): Promise<string> {
  for (let cursor = from; ;) {
    const page = await callJson<{ items: Change[]; cursor: string }>(`/api/v1/changes?limit=7${cursor && `&cursor=${cursor}`}`, { cookie });
    for (const { type, itemId, item } of page.items) {
      const parent = item?.parentId == null ? null : (decodeItemId(item.parentId)?.remoteId ?? null);
      const id = decodeItemId(itemId)?.remoteId ?? "";
      const known = replica.get(id);
      if (type === "removed" || !item) replica.delete(id);
      // A content is taken when the stream says so, and at no other time; so are a place and a name.
      else if (type === "content") replica.set(id, { parent, name: item.name, size: item.size, ...known, sha256: item.sha256 });
      else if (type === "metadata") replica.set(id, { parent, name: item.name, sha256: null, ...known, size: item.size });
      else replica.set(id, { size: item.size, sha256: null, ...known, parent, name: item.name });
    }
    if (page.items.length === 0) return page.cursor;
    cursor = page.cursor;
  }
}

async function listing({ syncId }: MemoryUser): Promise<Replica> {
  const { results } = await env.DB.prepare(
    `SELECT items.remote_id AS id, CASE WHEN parent.parent_id IS NULL THEN NULL ELSE items.parent_id END AS parent, items.name, items.size,
       items.stored_sha256 AS sha256
     FROM items LEFT JOIN items AS parent ON parent.sync_id = items.sync_id AND parent.remote_id = items.parent_id
     WHERE items.sync_id = ? AND items.state <> 'removed'`,
  )
    .bind(syncId)
    .all<{ id: string; parent: string | null; name: string; size: number | null; sha256: string | null }>();
  return new Map(results.map(({ id, ...rest }) => [id, rest]));
}

describe("the stream of changes", () => {
  it("makes an empty replica equal to the mirror, whatever happens, over kills", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 2, maxLength: 5 }), async (rounds) => {
        const user = await createMemoryUser((drive) => {
          drive.settings.pageSize = 3;
          for (const folder of FOLDERS) for (const name of ["1", "2"]) drive.put(`${folder}/${name}.txt`, `first ${folder}/${name}`);
        });
        unwrap(await user.stub.updateSync(user.syncId, { options: { removalLimit: { share: 1, count: 1000 } } }));
        const cookie = await seedSession(user.userId);
        const replica: Replica = new Map();
        let cursor = "";
        const read = async () => {
          cursor = await follow(cookie, replica, cursor);
        };
        await workOff(user, read);
        for (const { operations, kill: killed } of rounds) {
          for (const change of operations) perform(user, change);
          if (killed) {
            await arm(user, killed);
            await user.stub.run(user.syncId, { full: false, trigger: "manual" }).catch(() => undefined);
            await workOff(user);
            disarm();
          }
          unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
          await workOff(user, read);
          await read();
          expect(replica).toEqual(await listing(user));
        }
      }),
      { numRuns: 6 },
    );
  });
});
