import { describe, expect, test } from "vitest";
import {
  choiceName,
  fromSelection,
  joinSelection,
  placeOf,
  sameSelection,
  tickOf,
  toggle,
  toSelection,
  withoutMark,
  type Marks,
  type Place,
} from "../../web/src/lib/choice.ts";
import type { BrowsePage } from "../../worker/wire.ts";
import { compileSelection, isSelected } from "../../worker/sync/selection.ts";

type Entry = BrowsePage["items"][number];

const NOTHING: Marks = new Map();

function entry(id: string, more: Partial<Entry> = {}): Entry {
  const kind = "folder";
  return {
    id,
    feedId: "drive",
    whole: false,
    name: id,
    kind,
    hasChildren: true,
    size: null,
    items: null,
    modifiedAt: null,
    webUrl: null,
    ...more,
  };
}

function place(entryOf: Entry, parent: Place | null): Place {
  const found = placeOf(entryOf, parent);
  if (!found) throw new Error(`${entryOf.id} cannot be chosen.`);
  return found;
}

const drive = place(entry("root", { whole: true, name: "OneDrive" }), null);
const work = place(entry("work"), drive);
const drafts = place(entry("drafts"), work);
const final = place(entry("final", { kind: "file" }), drafts);
const home = place(entry("home"), drive);

describe("what can be chosen", () => {
  test("knows the folders above it in its feed, the nearest first", () => {
    expect(final).toEqual({ feed: "drive", id: "final", name: "final", whole: false, above: ["drafts", "work", "root"] });
  });

  test("is not an entry that is only a way to others, and what is below one begins anew", () => {
    expect(placeOf(entry("site", { feedId: null }), null)).toBeNull();
    expect(place(entry("library", { whole: true, feedId: "library" }), null).above).toEqual([]);
  });

  test("a feed inside another is not chosen with it", () => {
    const inbox = place(entry("inbox", { feedId: "INBOX", whole: true }), null);
    const sub = place(entry("sub", { feedId: "INBOX/Sub", whole: true }), inbox);
    expect(sub.above).toEqual([]);
    const marks = toggle(inbox, NOTHING);
    expect(tickOf(inbox, marks)).toBe("on");
    expect(tickOf(sub, marks)).toBe("off");
    expect(tickOf(inbox, toggle(sub, NOTHING))).toBe("off");
  });
});

describe("a click", () => {
  test("on a folder chooses all below it, and shows above it that some is chosen", () => {
    const marks = toggle(work, NOTHING);
    expect([drive, work, drafts, final, home].map((each) => tickOf(each, marks))).toEqual(["part", "on", "on", "on", "off"]);
    expect(toggle(work, marks)).toEqual(NOTHING);
  });

  test("inside a chosen folder leaves out, and inside what is left out chooses again", () => {
    const without = toggle(drafts, toggle(work, NOTHING));
    expect([work, drafts, final].map((each) => tickOf(each, without))).toEqual(["part", "off", "off"]);
    const again = toggle(final, without);
    expect([work, drafts, final].map((each) => tickOf(each, again))).toEqual(["part", "part", "on"]);
    expect([...again.values()].map(({ id, mode }) => `${mode} ${id}`)).toEqual(["include work", "exclude drafts", "include final"]);
  });

  test("on what is partly chosen chooses all of it, and forgets what was said below", () => {
    const marks = toggle(work, toggle(final, toggle(drafts, toggle(work, NOTHING))));
    expect([...marks.values()].map(({ id, mode }) => `${mode} ${id}`)).toEqual(["include work"]);
  });

  test("that takes a part back in leaves no mark behind", () => {
    const marks = toggle(drafts, toggle(drafts, toggle(work, NOTHING)));
    expect(marks).toEqual(toggle(work, NOTHING));
  });

  test("never leads to another answer than the one that the API's rules give", () => {
    const all = [drive, work, drafts, final, home];
    let marks = NOTHING;
    for (const at of [1, 2, 3, 0, 4, 2, 3, 1, 3, 0, 2, 0, 3, 4, 1]) {
      const next = all[at];
      if (next) marks = toggle(next, marks);
      const selection = [...marks.values()].map(({ feed, id, mode }) => ({ feed, itemId: id, mode }));
      const compiled = compileSelection([...selection, { itemId: "elsewhere", mode: "include" }]);
      for (const each of all) {
        const folders = each.above.map((id) => ({ remoteId: id, name: id }));
        const { selected } = isSelected({ remoteId: each.id, name: each.name }, { folders, complete: true }, compiled);
        const below = [...marks.values()].some(({ above }) => above.includes(each.id));
        expect(tickOf(each, marks)).toBe(below ? "part" : selected === true ? "on" : "off");
      }
    }
  });
});

describe("what the API is told", () => {
  test("nothing chosen is nothing to tell", () => {
    expect(toSelection(NOTHING, [drive])).toBeNull();
  });

  test("all of the only feed is everything", () => {
    expect(toSelection(toggle(drive, NOTHING), [drive])).toEqual([]);
  });

  test("all but something is not everything, nor is it while more feeds may be there", () => {
    const whole = { feed: "drive", itemId: "root", mode: "include" };
    expect(toSelection(toggle(home, toggle(drive, NOTHING)), [drive])).toEqual([whole, { feed: "drive", itemId: "home", mode: "exclude" }]);
    expect(toSelection(toggle(drive, NOTHING), undefined)).toEqual([whole]);
  });

  test("of several feeds each is named", () => {
    const other = place(entry("other-root", { feedId: "other", whole: true }), null);
    const both = toggle(other, toggle(drive, NOTHING));
    expect(toSelection(both, [drive, other])).toHaveLength(2);
    expect(toSelection(toggle(drive, NOTHING), [drive, other])).toHaveLength(1);
    expect(toSelection(toggle(drive, NOTHING), [drive, null])).toHaveLength(1);
    expect(toSelection(both, [drive])).toHaveLength(2);
  });
});

test("a choice that is taken back goes with what was left out of it", () => {
  const marks = toggle(home, toggle(drafts, toggle(work, NOTHING)));
  const [first] = marks.values();
  if (!first) throw new Error("There is no mark.");
  expect([...withoutMark(first, marks).values()].map(({ id }) => id)).toEqual(["home"]);
});

test("a choice is named after what is in it", () => {
  expect(choiceName(toggle(work, NOTHING))).toBe("work");
  expect(choiceName(toggle(drafts, toggle(home, toggle(work, NOTHING))))).toBe("work and home");
  const three = ["a", "b", "c"].reduce((marks, id) => toggle(place(entry(id), drive), marks), NOTHING);
  expect(choiceName(three)).toBe("a, b and 1 more");
});

describe("a selection that was made before", () => {
  const told = (id: string, above: string[], mode: "include" | "exclude" = "include") => ({ feed: "drive", itemId: id, path: null, mode, name: id, above }); // prettier-ignore

  test("is ticked in the tree as it was, and told again as it was", () => {
    const before = [told("work", ["root"]), told("drafts", ["work", "root"], "exclude"), told("final", ["drafts", "work", "root"])];
    const { marks, rest } = fromSelection(before);
    const given = before.map(({ feed, itemId, mode }) => ({ feed, itemId, mode }));
    expect([drive, work, drafts, final, home].map((each) => tickOf(each, marks))).toEqual(["part", "part", "part", "on", "off"]);
    const selection = joinSelection(marks, [drive], rest);
    expect(sameSelection(selection ?? [], given.toReversed())).toBe(true);
    expect(sameSelection(selection ?? [], given.slice(1))).toBe(false);
  });

  test("keeps what names no place in the tree", () => {
    const byPath = { feed: null, itemId: null, path: "/Later", mode: "include" as const, name: null, above: [] };
    const { marks, rest } = fromSelection([told("work", ["root"]), byPath]);
    expect(joinSelection(marks, [drive], rest)).toEqual([
      { feed: "drive", itemId: "work", mode: "include" },
      { path: "/Later", mode: "include" },
    ]);
    expect(joinSelection(NOTHING, [drive], rest)).toEqual([{ path: "/Later", mode: "include" }]);
    expect(joinSelection(NOTHING, [drive], [])).toBeNull();
  });

  test("that was made of a path is the one whose id was found for it", () => {
    const given = [{ feed: "drive", itemId: "work", path: "/Work", mode: "include" as const }];
    expect(sameSelection(given, [{ feed: "drive", itemId: "work", mode: "include" }])).toBe(true);
  });
});
