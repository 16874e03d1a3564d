import type * as graph from "@microsoft/microsoft-graph-types";
import { expect, test } from "vitest";
import type * as api from "../../worker/providers/microsoft-graph/api.ts";
import { isDownloadHost } from "../../worker/providers/download-hosts.ts";
import { toChange } from "../../worker/providers/microsoft-graph/entry.ts";
import { canonicalDriveId, canonicalItemId } from "../../worker/providers/microsoft-graph/ids.ts";

const NOW = Date.UTC(2026, 10, 20);
const WORK = "b!WxSVGq328EihzF7iX0zwBUKyOdYTcJlEvv2TELjmxGyJDapLUP3DSaOaOKHnNcJy";
const PERSONAL = "32217fc1154aec3d";

const workFile = {
  "@odata.type": "#microsoft.graph.driveItem",
  "@microsoft.graph.downloadUrl": "https://contoso.sharepoint.com/_layouts/15/download.aspx?UniqueId=1&tempauth=t",
  createdDateTime: "2022-10-21T02:32:42Z",
  eTag: '"{7F1C9ACF-070F-40BF-A8F9-C1554F6F8236},11"',
  id: "01NFE5UXOPTIOH6DYHX5AKR6OBKVHW7ARW",
  lastModifiedDateTime: "2022-11-02T08:10:05Z",
  name: "Exceltest.xlsx",
  webUrl: "https://contoso.sharepoint.com/sites/TestSPOSite/_layouts/15/Doc.aspx",
  cTag: '"c:{7F1C9ACF-070F-40BF-A8F9-C1554F6F8236},11"',
  size: 11_662,
  parentReference: { driveType: "documentLibrary", driveId: WORK, id: "01NFE5UXN6Y2GOVW7725BZO354PWSELRRZ" },
  file: {
    mimeType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    hashes: { quickXorHash: "t2rV9IUDbgDtRnaQbgnAQqF1HcA=" },
  },
  fileSystemInfo: { createdDateTime: "2022-10-21T02:32:42Z", lastModifiedDateTime: "2022-10-21T02:32:43Z" },
};

const personalFile = {
  createdDateTime: "2018-12-30T05:32:55.46Z",
  cTag: "aYzozMjIxN0ZDMTE1NEFFQzNEITEwMi4yNTc",
  id: "32217FC1154AEC3D!102",
  name: "Getting started with OneDrive.pdf",
  size: 1_025_867,
  parentReference: { driveId: "32217fc1154aec3d", driveType: "personal", id: "32217fc1154aec3d!101", path: "/drive/root:" },
  file: {
    mimeType: "application/pdf",
    hashes: { quickXorHash: "NIfFZIvQVZH260260iUuQN5GscM=", sha1Hash: "E8890F3D1CE6E3FCCE46D08B188275D6CAE3292C" },
  },
  fileSystemInfo: { createdDateTime: "2018-12-30T05:32:55.46Z", lastModifiedDateTime: "2018-12-30T05:32:55.46Z" },
};

function entryOf(item: object, driveId = WORK) {
  const change = toChange(item, driveId, NOW);
  if (change.type !== "upsert") throw new Error(`It is ${change.type}.`);
  return change.entry;
}

test("a work file, as a library's delta tells it", () => {
  expect(entryOf(workFile)).toEqual({
    id: "01NFE5UXOPTIOH6DYHX5AKR6OBKVHW7ARW",
    parentId: "01NFE5UXN6Y2GOVW7725BZO354PWSELRRZ",
    kind: "file",
    name: "Exceltest.xlsx",
    size: 11_662,
    mimeType: workFile.file.mimeType,
    webUrl: workFile.webUrl,
    createdAt: Date.UTC(2022, 9, 21, 2, 32, 42),
    modifiedAt: Date.UTC(2022, 9, 21, 2, 32, 43),
    contentTag: workFile.cTag,
    hash: { algorithm: "quickXorHash", value: "t2rV9IUDbgDtRnaQbgnAQqF1HcA=" },
    download: { url: workFile["@microsoft.graph.downloadUrl"], at: NOW },
  });
});

test("a personal file: ids in one spelling, times at the second", () => {
  expect(entryOf(personalFile, PERSONAL)).toMatchObject({
    id: "32217FC1154AEC3D!102",
    parentId: "32217FC1154AEC3D!101",
    createdAt: Date.UTC(2018, 11, 30, 5, 32, 55),
  });
});

test.each([
  [
    "root",
    { id: "1", name: "root", root: {}, folder: {}, parentReference: { id: "up" } },
    { id: "1", root: true, kind: "folder", name: "root" },
  ],
  [
    "a folder: no tag, no size",
    { id: "1", name: "f", folder: { childCount: 1 }, size: 12, cTag: "c", parentReference: { id: "2" } },
    { id: "1", parentId: "2", kind: "folder", name: "f" },
  ],
  [
    "a notebook that is also a folder",
    { id: "1", folder: {}, package: { type: "oneNote" }, size: 5 },
    { id: "1", kind: "folder", skip: "notebook" },
  ],
  ["a notebook that is neither", { id: "1", package: { type: "oneNote" } }, { id: "1", kind: "file", skip: "notebook" }],
  [
    "a notebook's section",
    { id: "1", name: "s.one", file: {}, size: 170 },
    { id: "1", name: "s.one", kind: "file", size: 170, skip: "notebook" },
  ],
  [
    "a notebook's bin",
    { id: "1", name: "OneNote_RecycleBin", folder: {} },
    { id: "1", name: "OneNote_RecycleBin", kind: "folder", skip: "notebook" },
  ],
  [
    "a shortcut to a folder",
    { id: "1", name: "s", remoteItem: { id: "x", folder: {} } },
    { id: "1", name: "s", kind: "folder", skip: "shortcut" },
  ],
  [
    "an infected file",
    { id: "1", file: {}, malware: {}, size: 1, "@microsoft.graph.downloadUrl": "u" },
    { id: "1", kind: "file", size: 1, skip: "malware" },
  ],
  ["something new", { id: "1", name: "n", hologram: {}, webUrl: "w" }, { id: "1", name: "n", webUrl: "w", skip: "unknown_kind" }],
  ["a date of the year 1", { id: "1", folder: {}, lastModifiedDateTime: "0001-01-01T00:00:00Z" }, { id: "1", kind: "folder" }],
  [
    "nulls",
    { id: "1", name: null, size: null, file: { hashes: null, mimeType: null }, parentReference: null, cTag: null },
    { id: "1", kind: "file" },
  ],
])("%s", (_, item, entry) => {
  expect(entryOf(item)).toEqual(entry);
});

test("the vault is known by what it has not, on personal drives only", () => {
  const vault = { id: "1", name: "Personal Vault", size: 0 };
  expect(entryOf(vault, PERSONAL).skip).toBe("vault");
  expect(entryOf(vault, WORK).skip).toBe("unknown_kind");
});

test.each([
  [
    "an upper-case SHA-1",
    { sha1Hash: "E8890F3D1CE6E3FCCE46D08B188275D6CAE3292C" },
    5,
    { algorithm: "sha1", value: "e8890f3d1ce6e3fcce46d08b188275d6cae3292c" },
  ],
  ["a SHA-256 before a SHA-1", { sha1Hash: "e".repeat(40), sha256Hash: "F".repeat(64) }, 5, { algorithm: "sha256", value: "f".repeat(64) }],
  ["a quickXorHash in hex", { quickXorHash: "e8890f3d1ce6e3fcce46d08b188275d6cae3292c" }, 5, undefined],
  ["a placeholder", { quickXorHash: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" }, 5, undefined],
  [
    "the hash of nothing",
    { quickXorHash: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
    0,
    { algorithm: "quickXorHash", value: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
  ],
  ["none", {}, 5, undefined],
])("of the hashes, %s", (_, hashes, size, hash) => {
  expect(entryOf({ id: "1", size, file: { hashes } }).hash).toEqual(hash);
});

test.each([
  [{ id: "01WHAEF4F6Y2GOVW", parentReference: { driveId: WORK }, deleted: { state: "deleted" } }, "01WHAEF4F6Y2GOVW"],
  [
    { id: "cb0bf412d51bbd9f!57186", name: "file_8", deleted: {}, file: { hashes: { quickXorHash: 3 } }, package: {} },
    "CB0BF412D51BBD9F!57186",
  ],
])("a tombstone needs no more than its id", (item, id) => {
  expect(toChange(item, WORK, NOW)).toEqual({ type: "removal", id });
});

test.each([null, 7, "item", {}, { id: 5 }, { id: "" }, { id: "x".repeat(600) }])("%j is reported as malformed, without an id", (row) => {
  expect(toChange(row, WORK, NOW)).toEqual({ type: "malformed", reason: expect.any(String) });
});

test.each([
  { name: 5 },
  { size: "12" },
  { size: -1 },
  { size: 1.5 },
  { parentReference: "x" },
  { parentReference: { id: 7 } },
  { file: true },
  { cTag: {} },
])("an entry with %j is reported as malformed, by its id", (fields) => {
  expect(toChange({ id: "1", ...fields }, WORK, NOW)).toEqual({ type: "malformed", id: "1", reason: expect.any(String) });
});

test.each([
  ["2217FC1154AEC3D", "02217fc1154aec3d"],
  ["32217FC1154AEC3D", "32217fc1154aec3d"],
  ["b!ABCdef", "b!ABCdef"],
])("the drive %s is %s", (id, canonical) => expect(canonicalDriveId(id)).toBe(canonical));

test.each([
  ["2217fc1154aec3d!102", "02217FC1154AEC3D!102"],
  ["BD50CF43646E28E6!S0DB1ECE8", "BD50CF43646E28E6!s0db1ece8"],
  ["01NFE5UXOPTIOH6DYHX5AKR6OBKVHW7ARW", "01NFE5UXOPTIOH6DYHX5AKR6OBKVHW7ARW"],
])("the item %s is %s", (id, canonical) => expect(canonicalItemId(id)).toBe(canonical));

const HOSTS = "sharepoint.com, 1drv.com,localhost:8790";

test.each([
  ["https://contoso-my.sharepoint.com/x?tempauth=y", true],
  ["https://sharepoint.com/x", true],
  ["https://public.ch.files.1drv.com/y4m", true],
  ["http://localhost:8790/contoso-my.sharepoint.com/x", true],
  ["http://contoso-my.sharepoint.com/x", false],
  ["https://evilsharepoint.com/x", false],
  ["https://sharepoint.com.evil.example/x", false],
  ["https://user@sharepoint.com/x", false],
  ["https://sharepoint.com:8443/x", false],
  ["http://localhost:8791/x", false],
  ["http://localhost/x", false],
  ["not an address", false],
])("whether %s may serve a download: %s", (url, allowed) => expect(isDownloadHost(url, HOSTS)).toBe(allowed));

test("Microsoft's own types fit the wire types", () => {
  const item: api.DriveItem = {} satisfies graph.DriveItem as graph.DriveItem;
  const drive: api.Drive = {} satisfies graph.Drive as graph.Drive;
  const user: api.User = {} satisfies graph.User as graph.User;
  const subscription: api.Subscription = {} satisfies graph.Subscription as graph.Subscription;
  expect([item, drive, user, subscription]).toHaveLength(4);
});
