import { expect, test } from "vitest";
import { type Row, toRow } from "../../worker/providers/dropbox/entry.ts";
import { pathsOf, place, type Placing } from "../../worker/providers/dropbox/placing.ts";

// A page's rows as changes of items. `+path id` is a file, `/+path id` a folder, `-path` a deletion; known is `path id`, folders with a slash at the end.

function row(text: string): Row {
  const [, kind, path = "", id = ""] = /^(\/?\+|-)(\S+)(?: (\S+))?$/.exec(text) ?? [];
  if (kind === "-") return { type: "deleted", path };
  return { type: "entry", path, entry: { id, kind: kind === "/+" ? "folder" : "file" } };
}

function knownOf(texts: readonly string[]): Placing["known"] {
  const all = texts.map((text) => {
    const [path = "", id = ""] = text.split(" ");
    return { path: path.replace(/\/$/, ""), id, kind: path.endsWith("/") ? ("folder" as const) : ("file" as const) };
  });
  return new Map([...Map.groupBy(all, ({ path }) => path)].map(([path, items]) => [path, items.map(({ id, kind }) => ({ id, kind }))]));
}

/** The changes in short: `id<parent`, `-id`, `folder: id id`. */
function placed(rows: readonly string[], known: readonly string[], listing = false) {
  const result = place({ rows: rows.map(row), known: knownOf(known), rootId: "root", listing });
  const changes = result.changes.map((change) => {
    if (change.type === "upsert") return `${change.entry.id}<${change.entry.parentId}`;
    if (change.type === "removal") return `-${change.id}`;
    return change.type === "children" ? `${change.folderId}: ${change.ids.join(" ")}`.trim() : change.type;
  });
  return { ...result, changes };
}

const changesOf = (rows: readonly string[], known: readonly string[] = []) => placed(rows, known).changes;

test("parents are folders of the page, or known ones, or the root", () => {
  expect(changesOf(["+/a 1", "/+/f F", "+/f/b 2", "+/g/c 3"], ["/g/ G"])).toEqual(["1<root", "F<root", "2<F", "3<G", "F: 2"]);
  expect(changesOf(["+/f/b 2", "/+/f F"])).toEqual(["2<F", "F<root", "F: 2"]);
});

test("a file that was moved is no removal, whichever is told first", () => {
  expect(changesOf(["-/a", "+/b 1"], ["/a 1"])).toEqual(["1<root"]);
  expect(changesOf(["+/b 1", "-/a"], ["/a 1"])).toEqual(["1<root"]);
});

test("two files that changed places are both there", () => {
  expect(changesOf(["+/a 2", "+/b 1", "-/tmp"], ["/a 1", "/b 2"])).toEqual(["2<root", "1<root"]);
});

test("a deletion takes what is known at its path, and is nothing where nothing is", () => {
  expect(changesOf(["-/a", "-/f", "-/none"], ["/a 1", "/f/ F"])).toEqual(["-1", "-F"]);
});

test("a file at the path of another replaces it, and one in the place of a folder takes the folder", () => {
  expect(changesOf(["+/a 2"], ["/a 1"])).toEqual(["2<root", "-1"]);
  expect(changesOf(["+/f 2"], ["/f/ F"])).toEqual(["2<root", "-F"]);
  expect(changesOf(["+/f/x 3", "+/f 2"], ["/f/ F"])).toEqual(["2<root", "-3", "-F"]);
});

test("what was made and deleted within a page is gone", () => {
  expect(changesOf(["/+/f F", "+/f/a 1", "-/f"])).toEqual(["-F", "-1"]);
});

test("an entry that comes twice counts as it came last", () => {
  expect(changesOf(["+/a 1", "+/b 1"])).toEqual(["1<root"]);
  expect(changesOf(["/+/f F", "+/f/a 1", "+/b 1"])).toEqual(["F<root", "1<root", "F:"]);
});

test("a folder that was moved, or deleted and is there again, is told with all that is in it; one that only changed is not", () => {
  expect(changesOf(["-/f", "/+/g F", "+/g/a 1"], ["/f/ F"])).toEqual(["F<root", "1<F", "F: 1"]);
  expect(changesOf(["/+/g F", "+/g/a 1", "-/f"], ["/f/ F"])).toEqual(["F<root", "1<F", "F: 1"]);
  expect(changesOf(["-/f", "/+/f F"], ["/f/ F"])).toEqual(["F<root", "F:"]);
  expect(changesOf(["/+/f F"], ["/f/ F"])).toEqual(["F<root"]);
});

test("a list of what is there removes nothing but what it says is deleted", () => {
  expect(placed(["+/a 2", "/+/f G"], ["/a 1", "/f/ F"], true)).toMatchObject({ changes: ["2<root", "G<root"], replaced: false });
  expect(placed(["-/a"], ["/a 1"], true).changes).toEqual(["-1"]);
});

test("a folder with another id, whose content is not told, can only be listed anew; one whose predecessor moved or was deleted need not", () => {
  expect(placed(["/+/f G"], ["/f/ F"]).replaced).toBe(true);
  expect(placed(["/+/f G", "/+/g F"], ["/f/ F"])).toMatchObject({ replaced: false, changes: ["G<root", "F<root", "G:", "F:"] });
  expect(placed(["-/f", "/+/f G"], ["/f/ F"])).toMatchObject({ replaced: false, changes: ["G<root", "-F", "G:"] });
});

test("folders that nobody knows are missing, with all above them, and what lies in them waits", () => {
  const { missing, unplaced, changes } = placed(["+/a/b/c/x 1", "+/y 2"], ["/a/ A"]);
  expect([missing, unplaced, changes]).toEqual([["/a/b/c", "/a/b"], [{ id: "1", folder: "/a/b/c" }], ["2<root"]]);
  expect(placed(["-/f", "+/f/x 1"], ["/f/ F"]).missing).toEqual(["/f"]);
  expect(placed(["-/f", "+/f/g/x 1"], ["/f/ F", "/f/g/ G"]).missing).toEqual(["/f/g", "/f"]);
  expect(placed(["+/f/x 1"], ["/f/ F", "/f/ G"]).missing).toEqual(["/f"]);
  expect(placed(["+/f/x 1"], ["/f F"]).missing).toEqual(["/f"]);
});

test("the paths that a page is about are those of its rows and all above them", () => {
  expect(pathsOf(["+/a/b/c 1", "-/a/d"].map(row)).sort()).toEqual(["/a", "/a/b", "/a/b/c", "/a/d"]);
});

test.each([
  [null, undefined],
  [{ ".tag": "file", path_lower: "/a" }, undefined],
  [{ ".tag": "deleted", path_lower: null }, undefined],
  [{ ".tag": "file", id: "id:1", path_lower: null }, "id:1"],
  [{ ".tag": "hologram", id: "id:1", path_lower: "/a" }, "id:1"],
  [{ ".tag": "file", id: "id:1", path_lower: "/a", size: -1 }, "id:1"],
  [{ ".tag": "file", id: "id:1", path_lower: "/a", name: 7 }, "id:1"],
])("the row %j makes no sense", (value, id) => {
  expect(toRow(value, 0)).toEqual({ type: "malformed", reason: expect.any(String), ...(id !== undefined && { id }) });
});

const FILE = { ".tag": "file", id: "id:1", name: "A", path_lower: "/a", rev: "0123456789", size: 5 };
const HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

test.each([
  [
    { ...FILE, content_hash: HASH, client_modified: "2026-01-02T03:04:05Z", server_modified: "2026-02-02T03:04:05Z" },
    {
      size: 5,
      hash: { algorithm: "dropboxHash", value: HASH },
      modifiedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      download: { url: "rev:0123456789", at: 7 },
    },
  ],
  [FILE, { size: 5, contentTag: "0123456789", download: { url: "rev:0123456789", at: 7 } }],
  [{ ...FILE, symlink_info: { target: "/b" } }, { skip: "shortcut" }],
  [{ ...FILE, is_downloadable: false, export_info: {} }, { skip: "not_exportable" }],
  [
    { ...FILE, is_downloadable: false, export_info: { export_as: "docx" } },
    { contentTag: "0123456789", mimeType: expect.stringContaining("wordprocessingml"), download: { url: "export:id:1", at: 7 } },
  ],
])("the file %j is kept as what it is", (value, expected) => {
  expect(toRow(value, 7)).toEqual({ type: "entry", path: "/a", entry: { id: "id:1", kind: "file", name: "A", ...expected } });
});
