import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { contentMetadata, toldContent } from "../../worker/content/metadata.ts";
import { leased } from "./desk.ts";

afterEach(() => reset());

const file = leased(
  {
    id: "id",
    name: "a.pdf",
    size: 3,
    mimeType: "application/pdf",
    modifiedAt: 1_700_000_000_000,
    hash: { algorithm: "sha1", value: "ab" },
  },
  0,
);

test("what lies beside a content says what it is, and where it was", () => {
  expect(contentMetadata({ ...file, path: "/Bücher/100 % #1?.pdf" }, 3, "cd")).toEqual({
    httpMetadata: { contentType: "application/pdf" },
    customMetadata: {
      remoteId: "id",
      path: "/B%C3%BCcher/100%20%25%20#1?.pdf",
      size: "3",
      modifiedAt: "2023-11-14T22:13:20.000Z",
      sourceHash: "sha1:ab",
      sha256: "cd",
    },
  });
});

test.each(["/Ünïcode — 文件 🌊.txt", "/100 %/%25/#?&.txt", "/half a pair \ud83c", "/x"])("the path %j can be read back", (path) => {
  expect(decodeURIComponent(contentMetadata({ ...file, path }, 1, null).customMetadata?.["path"] ?? "")).toBe(path.toWellFormed());
});

test("whatever the names, R2 takes it: of a path that is too long, the end is kept, in whole characters", async () => {
  const huge = {
    ...file,
    remoteId: "文".repeat(2_000),
    parentId: "文".repeat(2_000),
    contentTag: "x".repeat(5_000),
    path: `/${"🌊文".repeat(3_000)}/name.pdf`,
    hash: "x".repeat(5_000),
    mimeType: `a/${"b".repeat(9_000)}`,
  };
  const options = contentMetadata(huge, 1, "f".repeat(64));
  await env.CONTENT.put("key", "x", options);
  const stored = (await env.CONTENT.head("key"))?.customMetadata ?? {};
  expect(decodeURIComponent(stored["path"] ?? "")).toMatch(/^(文|🌊).*\/name\.pdf$/u);
  expect(Object.entries(stored).flat().join("").length).toBeLessThan(7_500);
});

test.each([null, "", "nonsense", "text/html\r\nX-Evil: 1"])("a type like %j is unknown", (mimeType) => {
  expect(contentMetadata({ ...file, mimeType }, 1, null).httpMetadata).toEqual({ contentType: "application/octet-stream" });
});

test("a content is told again as it was noted", async () => {
  const noted = { ...file, path: "/Bücher/ä/100 %.pdf", parentId: "folder/id %", contentTag: '"tag"' };
  await env.CONTENT.put("key", "abc", contentMetadata(noted, 3, "cd"));
  const { objects } = await env.CONTENT.list({ include: ["customMetadata", "httpMetadata"] });
  expect(toldContent(objects[0] as R2Object)).toEqual({
    remoteId: "id",
    parentId: "folder/id %",
    name: "100 %.pdf",
    folderName: "ä",
    mimeType: "application/pdf",
    size: 3,
    modifiedAt: 1_700_000_000_000,
    hash: "sha1:ab",
    contentTag: '"tag"',
    sha256: "cd",
    storedAt: expect.any(Number),
  });
});

test("a content of an earlier release, which noted less, is told all the same; what is no content of ours is not", async () => {
  await env.CONTENT.put("old", "abc", {
    customMetadata: { remoteId: "id", path: "/a.pdf", size: "3" },
    sha256: await crypto.subtle.digest("SHA-256", new TextEncoder().encode("abc")),
  });
  const told = toldContent((await env.CONTENT.head("old")) as R2Object);
  expect(told).toMatchObject({
    remoteId: "id",
    parentId: null,
    name: "a.pdf",
    folderName: null,
    hash: null,
    contentTag: null,
    modifiedAt: null,
  });
  expect(told?.sha256).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  await env.CONTENT.put("foreign", "x");
  expect(toldContent((await env.CONTENT.head("foreign")) as R2Object)).toBeNull();
});
