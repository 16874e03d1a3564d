import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FolderLink } from "../../worker/sync/chains.ts";
import { chainAbove, NO_CHAIN, pathIn } from "../../worker/sync/chains.ts";
import { typeOf } from "../../worker/sync/filters.ts";
import { globProblem } from "../../worker/sync/glob.ts";
import { FILE, FOLDER } from "../../worker/sync/item.ts";
import type { Filters, SelectionEntry } from "../../worker/sync/rules.ts";
import { compileRules, wantedness } from "../../worker/sync/wanted.ts";

/** A chain of folders named by their ids, the item's parent last. */
function under(...folders: string[]) {
  const links = new Map<string, FolderLink>([["root", { parentId: null, name: "the root" }]]);
  folders.forEach((name, index) => links.set(name, { parentId: folders[index - 1] ?? "root", name }));
  return chainAbove(folders.at(-1) ?? "root", links);
}

interface Asked {
  name?: string;
  size?: number | null;
  modifiedAt?: number | null;
  kind?: number;
  folders?: readonly string[];
}

/** Why the filters leave a file out; null where they do not. */
function exclusion(
  filters: Filters,
  { name = "file.txt", size = 10, modifiedAt = 1_000, kind = FILE, folders = [] }: Asked,
): string | null {
  const wanted = wantedness(
    { remoteId: "item", kind, name, size, modifiedAt },
    under(...folders),
    compileRules({ selection: [], filters }),
  );
  return wanted.wanted ? null : wanted.reason;
}

describe("filters", () => {
  it.each<[string, Filters, Asked, string | null]>([
    ["nothing asked", {}, {}, null],
    ["a type in any case", { types: ["txt"] }, { name: "A.TXT" }, null],
    ["another type", { types: ["pdf"] }, {}, "type"],
    ["no type where types are asked", { types: ["txt"] }, { name: "txt" }, "type"],
    ["a name that begins with its only dot", { types: ["gitignore"] }, { name: ".gitignore" }, "type"],
    ["the last of two extensions", { types: ["gz"] }, { name: "a.tar.gz" }, null],
    ["an excluded type", { excludeTypes: ["txt"] }, {}, "type"],
    ["an empty list of types", { types: [] }, {}, null],
    ["a glob of the name, at any depth", { exclude: ["*.tmp"] }, { name: "x.TMP", folders: ["a", "b"] }, "glob"],
    ["a glob of the name over a hidden file", { exclude: ["*"] }, { name: ".hidden" }, "glob"],
    ["a glob of the path", { exclude: ["a/b/**"] }, { folders: ["A", "b", "c"] }, "glob"],
    ["a glob of the path elsewhere", { exclude: ["b/**"] }, { folders: ["a", "b"] }, null],
    ["a glob from the root", { exclude: ["/file.txt"] }, {}, "glob"],
    ["a glob from the root, deeper", { exclude: ["/file.txt"] }, { folders: ["a"] }, null],
    ["one of those to include", { include: ["*.md", "*.txt"] }, {}, null],
    ["none of those to include", { include: ["*.md", "docs/**"] }, {}, "glob"],
    ["both: excluding wins", { include: ["**"], exclude: ["*.txt"] }, {}, "glob"],
    ["a size at the limit", { maxBytes: 10 }, {}, null],
    ["a size above it", { maxBytes: 9 }, {}, "size"],
    ["an unknown size", { maxBytes: 9 }, { size: null }, null],
    ["the first rule of its type", { maxBytes: 9, rules: [{ types: ["txt"], maxBytes: 20 }, { types: ["txt"], maxBytes: 1 }] }, {}, null], // prettier-ignore
    ["a rule of another type", { maxBytes: 9, rules: [{ types: ["pdf"], maxBytes: 20 }] }, {}, "size"],
    ["a rule that is stricter", { rules: [{ types: ["txt"], maxBytes: 1 }] }, {}, "size"],
    ["a time before", { modifiedAfter: 1_001 }, {}, "date"],
    ["a time after", { modifiedBefore: 999 }, {}, "date"],
    ["a time between", { modifiedAfter: 1_000, modifiedBefore: 1_000 }, {}, null],
    ["an unknown time", { modifiedAfter: 5, modifiedBefore: 6 }, { modifiedAt: null }, null],
    ["a folder", { types: ["pdf"], exclude: ["**"], maxBytes: 0 }, { kind: FOLDER }, null],
  ])("of %s", (_what, filters, asked, reason) => {
    expect(exclusion(filters, asked)).toBe(reason);
  });

  it("wait for the path where it decides, and only there", () => {
    const reasonOf = (filters: Filters, name: string) => {
      const item = { remoteId: "item", kind: FILE, name, size: 1, modifiedAt: 1 };
      const wanted = wantedness(item, NO_CHAIN, compileRules({ selection: [], filters }));
      return wanted.wanted ? null : wanted.reason;
    };
    expect(reasonOf({ exclude: ["a/**"] }, "x.txt")).toBe("unplaced");
    expect(reasonOf({ exclude: ["a/**", "*.txt"] }, "x.txt")).toBe("glob");
    expect(reasonOf({ types: ["pdf"], include: ["a/**"] }, "x.txt")).toBe("type");
    expect(reasonOf({ exclude: ["*.tmp"] }, "x.txt")).toBe(null);
  });

  it("leave out what any glob to exclude matches, whatever is to be included, in any order", () => {
    const globs = fc.subarray(["*.txt", "*.pdf", "a/**", "**/b/*", "x*", "file.*"]);
    const files = fc.record({
      name: fc.constantFrom("x.txt", "file.pdf", "y.md"),
      folders: fc.constantFrom([], ["a"], ["a", "b"], ["b"]),
    });
    fc.assert(
      fc.property(globs, globs, files, (include, exclude, asked) => {
        const alone = exclude.filter((glob) => exclusion({ exclude: [glob] }, asked) === "glob");
        const included = include.length === 0 || include.some((glob) => exclusion({ include: [glob] }, asked) === null);
        const expected = alone.length === 0 && included ? null : "glob";
        expect(exclusion({ include, exclude }, asked)).toBe(expected);
        expect(exclusion({ include: include.toReversed(), exclude: exclude.toReversed() }, asked)).toBe(expected);
      }),
    );
  });
});

describe("a selection", () => {
  const ids = ["f0", "f1", "f2", "f3", "f4", "item", "elsewhere", "root"];
  const entries = fc.uniqueArray(
    fc.record({ itemId: fc.constantFrom(...ids), mode: fc.constantFrom("include" as const, "exclude" as const) }),
    { selector: (entry) => entry.itemId },
  );
  const folders = ["f0", "f1", "f2", "f3", "f4"];
  const isWanted = (selection: SelectionEntry[], chain = under(...folders)) =>
    wantedness({ remoteId: "item", kind: FILE, name: "n", size: 1, modifiedAt: 1 }, chain, compileRules({ selection, filters: {} }));

  it("is decided by the nearest that is named; by none, by whether anything is included", () => {
    fc.assert(
      fc.property(entries, (selection) => {
        const nearest = ["item", ...folders.toReversed(), "root"].find((id) => selection.some((entry) => entry.itemId === id));
        const named = selection.find((entry) => entry.itemId === nearest);
        const otherwise = !selection.some((entry) => entry.mode === "include");
        expect(isWanted(selection).wanted).toBe(named ? named.mode === "include" : otherwise);
      }),
    );
  });

  it("does not depend on the order of its entries", () => {
    const twice = fc.array(fc.record({ itemId: fc.constantFrom(...ids), mode: fc.constantFrom("include" as const, "exclude" as const) }));
    fc.assert(
      fc.property(
        twice.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([one, other]) => {
          expect(isWanted(one)).toEqual(isWanted(other));
        },
      ),
    );
  });

  it("is open where the chain is cut below the first that is named, and decided where it is not", () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 0, max: folders.length }), (selection, known) => {
        const whole = isWanted(selection);
        const links = new Map(
          folders.slice(folders.length - known).map((id) => [id, { parentId: `f${Number(id.slice(1)) - 1}`, name: id }]),
        );
        const cut = isWanted(selection, chainAbove("f4", links));
        const seen = new Set(["item", ...folders.slice(folders.length - known)]);
        const decided = selection.length === 0 || selection.some((entry) => seen.has(entry.itemId));
        if (decided) expect(cut).toEqual(whole);
        else expect(cut).toMatchObject({ wanted: false, reason: "unplaced" });
      }),
    );
  });

  it("counts a path that is not known yet: to include one thing is to leave out the others", () => {
    expect(isWanted([{ itemId: null, path: "/x", mode: "include" }])).toMatchObject({ wanted: false, reason: "not_selected" });
    expect(isWanted([{ itemId: null, path: "/x", mode: "exclude" }]).wanted).toBe(true);
  });

  it("says what left an item out", () => {
    expect(isWanted([{ itemId: "f1", mode: "exclude" }])).toMatchObject({ detail: "“f1” is left out" });
  });
});

describe("a chain", () => {
  it("ends at the root, at a folder that is not known, and in a circle", () => {
    expect(pathIn(under("a", "b"), "c.txt")).toBe("a/b/c.txt");
    expect(pathIn(under(), "c.txt")).toBe("c.txt");
    expect(pathIn(chainAbove(null, new Map()), "the root")).toBe("");
    expect(chainAbove("gone", new Map())).toEqual({ folders: [], complete: false });
    const circle = new Map([
      ["a", { parentId: "b", name: "a" }],
      ["b", { parentId: "a", name: "b" }],
    ]);
    expect(chainAbove("a", circle).complete).toBe(false);
  });
});

describe("a glob", () => {
  it.each(["*.pdf", "**/node_modules/**", "a b/[0-9]*", "*.{doc,docx}", "/Docs/**", "~$*", "\\[x\\]*"])("%s is one", (glob) => {
    expect(globProblem(glob)).toBeNull();
  });

  it.each(["[z-a]", "{a,b", "(x", "\\"])("%s is none", (glob) => {
    expect(globProblem(glob)).toContain(`“${glob}” is not a glob`);
  });

  it.each([
    ["a.PDF", "pdf"],
    ["a", ""],
    [".a", ""],
    ["a.", ""],
  ])("%s is of the type %s", (name, type) => {
    expect(typeOf(name)).toBe(type);
  });
});
