import { describe, expect, it } from "vitest";
import type { ContentMarks } from "../../worker/sync/content.ts";
import { sameContent } from "../../worker/sync/content.ts";

const none: ContentMarks = { hash: null, contentTag: null, size: null, modifiedAt: null };

describe("two contents are the same", () => {
  it.each<[string, Partial<ContentMarks>, Partial<ContentMarks>, boolean]>([
    [
      "by their hash, whatever tag and time say",
      { hash: "sha1:a", contentTag: "x", size: 1, modifiedAt: 1_000 },
      { hash: "sha1:a", contentTag: "y", size: 1, modifiedAt: 9_000 },
      true,
    ],
    [
      "not with another size, whatever else agrees",
      { hash: "sha1:a", contentTag: "x", size: 1 },
      { hash: "sha1:a", contentTag: "x", size: 2 },
      false,
    ],
    ["not with another hash, whatever else agrees", { hash: "sha1:a", contentTag: "x" }, { hash: "sha1:b", contentTag: "x" }, false],
    ["by their tag where hashes are of two kinds", { hash: "sha1:a", contentTag: "x" }, { hash: "sha256:b", contentTag: "x" }, true],
    ["by their tag where one has no hash", { hash: "sha1:a", contentTag: "x" }, { contentTag: "x" }, true],
    ["not with another tag of the same form", { contentTag: '"c:{A-1},1"' }, { contentTag: '"c:{A-1},2"' }, false],
    [
      "by size and time where the tag changed its form",
      { contentTag: "aYzpEMTNBM0VE", size: 5, modifiedAt: 7_000 },
      { contentTag: '"c:{A-1},2"', size: 5, modifiedAt: 7_999 },
      true,
    ],
    ["by size and time to the second", { size: 5, modifiedAt: 7_000 }, { size: 5, modifiedAt: 7_400 }, true],
    ["not with another time", { size: 5, modifiedAt: 7_000 }, { size: 5, modifiedAt: 8_000 }, false],
    ["not with another size", { size: 5, modifiedAt: 7_000 }, { size: 6, modifiedAt: 7_000 }, false],
    ["not where nothing can be compared", { hash: "sha1:a" }, { size: 5, modifiedAt: 7_000 }, false],
    ["not where nothing is known", {}, {}, false],
  ])("%s", (_name, one, other, same) => {
    expect(sameContent({ ...none, ...one }, { ...none, ...other })).toBe(same);
    expect(sameContent({ ...none, ...other }, { ...none, ...one })).toBe(same);
  });
});
