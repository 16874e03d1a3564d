import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MirrorEntry } from "../../worker/sync/digest.ts";
import { beginsRange, compareIds, DigestRoot, RangeWalk } from "../../worker/sync/digest.ts";

function digestOf(entries: readonly MirrorEntry[]): { entries: number; root: string } {
  const walk = new RangeWalk("");
  const root = new DigestRoot();
  for (const entry of entries.toSorted((one, other) => compareIds(one.id, other.id))) {
    const ended = walk.add(entry);
    if (ended) root.add(ended);
  }
  root.add(walk.finish());
  return root.finish();
}

const entry = fc.record<MirrorEntry>({
  id: fc.string({ minLength: 1, unit: "grapheme" }),
  parent: fc.option(fc.string()),
  name: fc.string({ unit: "grapheme" }),
  size: fc.option(fc.nat()),
  sha256: fc.option(fc.stringMatching(/^[0-9a-f]{64}$/)),
});
const mirror = fc.uniqueArray(entry, { minLength: 1, maxLength: 40, selector: ({ id }) => id });

/** An id that begins a range, found by trying. */
const beginning = Array.from({ length: 4_000 }, (_, n) => `id ${n}`).find(beginsRange) ?? "";

describe("the digest of a mirror", () => {
  it("is the one that docs/receipts.md works out", () => {
    expect(beginning).toBe("id 29");
    const entries = [
      { id: "root", parent: null, name: "root", size: null, sha256: null },
      { id: "a", parent: "root", name: "ä “1”.txt", size: 3, sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
      { id: "id 29", parent: "root", name: "empty", size: 0, sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    ];
    expect(digestOf(entries)).toEqual({ entries: 3, root: "21471fd682491f68ce48765de9d81929514f65c3f01922a0c90364d6235f6974" });
    expect(digestOf([])).toEqual({ entries: 0, root: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" });
  });

  it("changes with any field of any item, with an item more and with an item less", () => {
    fc.assert(
      fc.property(mirror, fc.nat(), fc.constantFrom("id", "parent", "name", "size", "sha256" as const), (entries, place, field) => {
        const { root } = digestOf(entries);
        const index = place % entries.length;
        const changed = entries.map((each, at) => (at === index ? { ...each, [field]: field === "size" ? (each.size ?? 0) + 1 : `${each[field] ?? ""}x` } : each)); // prettier-ignore
        expect(digestOf(changed).root).not.toBe(root);
        expect(digestOf(entries.toSpliced(index, 1)).root).not.toBe(root);
        expect(digestOf([...entries, { ...entry0, id: `${entries.map(({ id }) => id).join("")}x` }]).root).not.toBe(root);
      }),
    );
  });

  it("does not depend on the order in which the items are found", () => {
    fc.assert(
      fc.property(mirror, (entries) => {
        expect(digestOf(entries.toReversed())).toEqual(digestOf(entries));
      }),
    );
  });

  it("tells ranges apart: an item that moves from the end of one to the beginning of the next changes it", () => {
    const walk = new RangeWalk("");
    expect(walk.add({ ...entry0, id: "before" })).toBeNull();
    expect(walk.add({ ...entry0, id: beginning })).toMatchObject({ start: "", entries: 1 });
    expect(walk.start).toBe(beginning);
    expect(walk.add({ ...entry0, id: "z" })).toBeNull();
    expect(walk.finish()).toMatchObject({ start: beginning, entries: 2 });
  });

  it("sorts ids by their bytes, as the catalogue does, and not by their UTF-16 units", () => {
    expect(["\u{1F600}", "\uFF5E", "b", "a", "ab"].toSorted(compareIds)).toEqual(["a", "ab", "b", "\uFF5E", "\u{1F600}"]);
  });
});

const entry0: MirrorEntry = { id: "0", parent: null, name: "", size: null, sha256: null };
