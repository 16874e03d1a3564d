import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { createMemoryUser, mirrorOf, settled, sourceOf } from "../support/memory-user.ts";

// A tombstone marks an item, and takes effect after its round.

it("an item that is back before its round has ended was never away: its mark is void", async () => {
  const user = await createMemoryUser((drive) => {
    drive.settings.pageSize = 2;
    for (let n = 0; n < 5; n += 1) drive.put(`/${n}.txt`, `${n}`);
  });
  await settled(user);
  const { drive } = user;
  const id = drive.item("/0.txt").id;
  drive.delete("/0.txt");
  for (let n = 1; n < 5; n += 1) drive.put(`/${n}.txt`, `new ${n}`);
  // Right after the page with the tombstone somebody takes it back, and the source loses its place: what follows lists it.
  const meet = drive.meet.bind(drive);
  let pages = 0;
  drive.meet = (method, of) => {
    if (method === "changes" && (pages += 1) === 2) {
      drive.restore(id);
      drive.expireCursors();
    }
    return meet(method, of);
  };
  unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  await settled(user);
  expect(pages).toBeGreaterThan(2);
  expect(await mirrorOf(user)).toEqual(sourceOf(user));
  const removed = await env.DB.prepare("SELECT sum(removed) AS removed FROM runs WHERE sync_id = ?").bind(user.syncId).first("removed");
  expect(removed).toBe(0);
});
