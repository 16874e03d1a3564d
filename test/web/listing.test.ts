import { describe, expect, test } from "vitest";
import { EMPTY_LISTING, findIndex, itemAt, Listing, type ListingState } from "../../web/src/lib/listing.ts";
import { stretched } from "../../web/src/lib/selection.ts";

const PAGE_ITEMS = 10;

/** A folder of names in order; a cursor is the name after which to go on. */
function folder(count: number, options: { perAnswerMax?: number; jumps?: boolean } = {}) {
  const names = Array.from({ length: count }, (_, index) => `f${String(index).padStart(4, "0")}`);
  const asked: (string | number | null)[] = [];
  let counts = 0;
  let state: ListingState<string> = EMPTY_LISTING;
  let fails = false;
  const page = (from: string | number | null, limit: number, rest: readonly string[]) => {
    asked.push(from);
    if (fails) throw new Error("offline");
    const items = rest.slice(0, Math.min(limit, options.perAnswerMax ?? limit));
    return { items, cursor: items.length < rest.length ? (items.at(-1) ?? null) : null };
  };
  const listing = new Listing<string>(
    PAGE_ITEMS,
    {
      load: async (cursor, limit) => page(cursor, limit, names.filter((name) => cursor === null || name > cursor)), // prettier-ignore
      ...(options.jumps === true && {
        jump: {
          load: async (skip, limit) => page(skip, limit, names.slice(skip)),
          count: async () => {
            counts += 1;
            return names.length;
          },
        },
      }),
    },
    (next) => (state = next),
  );
  return {
    names,
    asked,
    listing,
    state: () => state,
    loaded: () => state.pages.flatMap((each) => each?.items ?? []),
    counts: () => counts,
    fail: (value: boolean) => (fails = value),
  };
}

describe("a long list", () => {
  test("only the pages up to what is shown are loaded", async () => {
    const { listing, asked, state } = folder(100_000);
    await listing.show(0, 25);
    expect(asked).toHaveLength(3);
    expect(state()).toMatchObject({ count: 30, complete: false, loading: false });
    expect(itemAt(state(), 29, PAGE_ITEMS)).toBe("f0029");
    expect(itemAt(state(), 30, PAGE_ITEMS)).toBeUndefined();
  });

  test("an end is an end, also of an empty list", async () => {
    const empty = folder(0);
    await empty.listing.show(0, 50);
    expect(empty.state()).toMatchObject({ count: 0, complete: true });
    const full = folder(12);
    await full.listing.show(0, 500);
    expect(full.state()).toMatchObject({ count: 12, complete: true });
    expect(full.asked).toHaveLength(2);
  });

  test("answers shorter than asked for are joined to whole pages", async () => {
    const { listing, names, loaded, state } = folder(25, { perAnswerMax: 3 });
    await listing.show(0, 24);
    expect(loaded()).toEqual(names);
    expect(state().pages.map((page) => page?.items.length)).toEqual([10, 10, 5]);
  });

  test("after a change the pages in view are asked for again, those before only when they come into view", async () => {
    const { listing, names, asked, loaded, state } = folder(60);
    await listing.show(0, 39);
    await listing.show(20, 29);
    asked.length = 0;
    names.splice(21, 0, "f0020a");
    names.splice(1, 0, "f0000a");
    await listing.refresh();
    expect(asked).toEqual(["f0019"]);
    expect(loaded().slice(20, 23)).toEqual(["f0020", "f0020a", "f0021"]);
    expect(loaded()).not.toContain("f0000a");
    expect(state().count).toBe(30);
    await listing.show(0, 9);
    expect(loaded().slice(0, 3)).toEqual(["f0000", "f0000a", "f0001"]);
    await listing.show(0, 61);
    expect(loaded()).toEqual(names);
  });

  test("a view over two pages is swapped at once", async () => {
    const { listing, names, loaded } = folder(40);
    await listing.show(5, 14);
    names.splice(0, 1);
    await listing.refresh();
    expect(loaded()).toEqual(names.slice(0, 20));
  });

  test("a folder that was emptied ends", async () => {
    const { listing, names, state } = folder(30);
    await listing.show(0, 9);
    names.length = 0;
    await listing.refresh();
    expect(state()).toMatchObject({ count: 0, complete: true });
  });

  test("a failure keeps what is loaded, and the next try goes on", async () => {
    const { listing, fail, state } = folder(30);
    await listing.show(0, 9);
    fail(true);
    await listing.show(10, 19);
    expect(state()).toMatchObject({ count: 10, loading: false, error: new Error("offline") });
    fail(false);
    await listing.show(10, 19);
    expect(state()).toMatchObject({ count: 20, error: null });
  });

  test("a closed list reports nothing any more", async () => {
    const { listing, state } = folder(30);
    const loading = listing.show(0, 29);
    listing.close();
    await loading;
    expect(state().count).toBe(0);
  });

  test("the middle and the end are jumped to, and gone on from by cursors, without what is before", async () => {
    const { listing, names, asked, state, counts } = folder(9_993, { jumps: true });
    await listing.show(0, 9);
    expect(state()).toMatchObject({ count: 9_993, complete: true });
    await listing.show(5_001, 5_015);
    expect([itemAt(state(), 5_001, PAGE_ITEMS), itemAt(state(), 5_015, PAGE_ITEMS)]).toEqual([names[5_001], names[5_015]]);
    await listing.show(9_985, 9_992);
    expect(itemAt(state(), 9_992, PAGE_ITEMS)).toBe(names[9_992]);
    expect(asked).toEqual([null, 5_000, names[5_009], 9_980, names[9_989]]);
    expect(counts()).toBe(1);
    expect(itemAt(state(), 20, PAGE_ITEMS)).toBeUndefined();
    await listing.refresh();
    expect(counts()).toBe(1);
  });

  test("a list that became shorter ends where it ends now, also under who jumped to its end", async () => {
    const { listing, names, state, loaded } = folder(95, { jumps: true });
    await listing.show(0, 9);
    names.length = 33;
    await listing.show(80, 94);
    expect(state()).toMatchObject({ count: 33, complete: true, error: null });
    expect(loaded().at(-1)).toBe(names[32]);
    names.push("f9998", "f9999");
    await listing.refresh();
    expect(state()).toMatchObject({ count: 35, complete: true });
  });

  test("what grows is counted again, at each change where that is cheap", async () => {
    const { listing, names, state, counts } = folder(25, { jumps: true });
    await listing.show(0, 9);
    names.push("f9999");
    await listing.refresh();
    expect([state().count, counts()]).toEqual([26, 2]);
  });

  test("an item is found again by what it is", async () => {
    const { listing, state } = folder(30);
    await listing.show(0, 29);
    expect(findIndex(state(), PAGE_ITEMS, (name) => name === "f0017")).toBe(17);
    expect(findIndex(state(), PAGE_ITEMS, (name) => name === "nothing")).toBe(-1);
  });
});

test("a stretch ends before what is not loaded, either way, so that nothing is left out of it unseen", () => {
  const at = (index: number) => (index > 3 && index < 7 ? undefined : { id: `i${index}` });
  const from = (anchor: number, to: number) => [...stretched({ items: new Map(), anchor }, 0, to, at).items.keys()];
  expect([from(2, 9), from(9, 2), from(1, 3)]).toEqual([
    ["i2", "i3"],
    ["i9", "i8", "i7"],
    ["i1", "i2", "i3"],
  ]);
});
