import fc from "fast-check";
import { expect, it } from "vitest";
import { noteIds, partOfId, SeenIds } from "../../worker/sync/seen.ts";

it("every noted id is found in its share, and no other", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 200 }), fc.integer({ min: 1, max: 4 }), (ids, parts) => {
      const noted = ids.filter((_id, index) => index % 2 === 0);
      const blocks = [noteIds(noted.slice(0, 10)), noteIds(noted.slice(10))];
      const shares = Array.from({ length: parts }, (_, part) => new SeenIds(blocks, part, parts));
      for (const id of ids) expect(shares[partOfId(id, parts)]?.has(id)).toBe(noted.includes(id));
    }),
    { numRuns: 30 },
  );
});

it("holds a hundred thousand ids", () => {
  const ids = Array.from({ length: 100_000 }, (_, n) => `01NKDM7HMOJTVYMDOSXFDK2QJDX${n}`);
  const seen = new SeenIds([noteIds(ids)], 0, 1);
  expect(ids.every((id) => seen.has(id))).toBe(true);
  expect(ids.filter((id) => seen.has(`${id}x`))).toEqual([]);
});
