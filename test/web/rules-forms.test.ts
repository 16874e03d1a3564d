import { describe, expect, test } from "vitest";
import { KINDS, namesKind, toFilters, toggleKind, toValues } from "../../web/src/lib/filter-fields.ts";
import { fromKeeping, toKeeping } from "../../web/src/lib/keeping.ts";

describe("a kind of files", () => {
  test("is named by all its endings, and taken out again without the others", () => {
    const list = toggleKind("*.TMP, mp4", "videos");
    expect(namesKind(list, "videos")).toBe(true);
    expect(list.split(", ").toSorted()).toEqual([...KINDS.videos, "tmp"].toSorted());
    expect(toggleKind(list, "videos")).toBe("tmp");
    expect(namesKind(list.replace("mkv, ", ""), "videos")).toBe(false);
  });

  test("is what the API is told", () => {
    const values = { ...toValues({}), excludeTypes: toggleKind("", "music") };
    expect(toFilters(values, {})).toEqual({ excludeTypes: [...KINDS.music] });
  });
});

describe("what becomes of what goes", () => {
  const options = {
    deleteRemoved: true,
    retentionDays: 30,
    removalLimit: { share: 0.29, count: 1000 },
    sentinel: null,
    providerOptions: {},
  };

  test("comes back from the form as it went in", () => {
    const { providerOptions: _, ...kept } = options;
    expect(fromKeeping(toKeeping(options))).toEqual(kept);
    expect(toKeeping(options).percent).toBe(29);
  });

  test("has a path from the top, or none, and leaves alone what is empty", () => {
    const values = { ...toKeeping(options), sentinel: " Keep/this ", count: undefined };
    expect(fromKeeping(values)).toMatchObject({ sentinel: "/Keep/this", removalLimit: { share: 0.29 } });
    expect(fromKeeping(values).removalLimit).not.toHaveProperty("count");
    expect(fromKeeping({ ...values, sentinel: "  " }).sentinel).toBeNull();
  });
});
