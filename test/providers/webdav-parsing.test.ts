import { describe, expect, it } from "vitest";
import { hashOf, timeOf, toEntry } from "../../worker/providers/webdav/entry.ts";
import { toListing } from "../../worker/providers/webdav/folder.ts";
import { parseMultistatus } from "../../worker/providers/webdav/multistatus.ts";
import { feedIdOf, pathId, pathOfId, shareOf } from "../../worker/providers/webdav/share.ts";
import { parseXml } from "../../worker/providers/webdav/xml.ts";

// How servers write what they have, as seen in the wild.

const CLOUD = shareOf("nextcloud:https://cloud.example/remote.php/dav/files/alice/");
const PLAIN = shareOf("plain:https://files.example/dav/");

const multistatus = (body: string, prefix = "d") =>
  `<?xml version="1.0"?><${prefix}:multistatus xmlns:${prefix}="DAV:" xmlns:oc="http://owncloud.org/ns">${body}</${prefix}:multistatus>`;
const folder = (href: string, more = "") =>
  `<d:response><d:href>${href}</d:href><d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype>${more}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`;
const file = (href: string, more = "") =>
  `<d:response><d:href>${href}</d:href><d:propstat><d:prop><d:resourcetype/>${more}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`;
const list = (body: string, asked = ["dav"], path: string[] = []) => toListing(parseMultistatus(multistatus(body), asked), asked, path);
const namesIn = (body: string, asked?: string[], path?: string[]) => list(body, asked, path).children.map(({ name }) => name);

describe("a multistatus", () => {
  it("is read by its namespaces, whatever the prefixes, with properties in several propstats", () => {
    const text = `<?xml version="1.0" encoding="utf-8"?>
      <D:multistatus xmlns:D="DAV:" xmlns:ns0="DAV:"><D:response xmlns:lp1="DAV:" xmlns:x1="http://owncloud.org/ns">
        <D:href>/dav/a%20b.txt</D:href>
        <D:propstat><D:prop><lp1:getetag>"5-6a"</lp1:getetag><lp1:getcontentlength>5</lp1:getcontentlength></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>
        <D:propstat><D:prop><lp1:resourcetype/><x1:fileid>7</x1:fileid></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>
        <D:propstat><D:prop><lp1:getcontenttype/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>
      </D:response></D:multistatus>`;
    const [resource] = parseMultistatus(text, []);
    expect(resource).toMatchObject({ segments: ["dav", "a b.txt"], status: 200, refused: false, collection: false });
    expect(Object.fromEntries(resource?.properties ?? [])).toEqual({
      "{DAV:}getetag": '"5-6a"',
      "{DAV:}getcontentlength": "5",
      "{http://owncloud.org/ns}fileid": "7",
    });
  });

  it("with the default namespace, CDATA and references to characters is read as well", () => {
    const text = `<multistatus xmlns="DAV:"><response><href><![CDATA[/dav/a&b.txt]]></href><propstat><prop><getetag>&quot;x&#233;&#x1F30A;&amp;&quot;</getetag></prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>`;
    const [resource] = parseMultistatus(text, []);
    expect(resource?.segments).toEqual(["dav", "a&b.txt"]);
    expect(resource?.properties.get("{DAV:}getetag")).toBe('"xé🌊&"');
  });

  it.each([
    ["declarations of its own", `<!DOCTYPE x [<!ENTITY a "aaaa">]>${multistatus("")}`],
    ["a page", "<!DOCTYPE html><html><body>Sign in</body></html>"],
    ["text", "Service Unavailable"],
    ["nothing", ""],
    ["another document", `<d:error xmlns:d="DAV:"/>`],
    ["another namespace", `<d:multistatus xmlns:d="urn:x"/>`],
    ["a document that was cut off", multistatus(folder("/dav/") + file("/dav/a")).slice(0, -30)],
    ["a document that was cut off between two resources", multistatus(folder("/dav/")).replace("</d:multistatus>", "")],
    ["tags too deep", `<a>${"<b>".repeat(500)}${"</b>".repeat(500)}</a>`],
  ])("that is %s is an error that may pass, and never an empty folder", (_what, text) => {
    expect(() => parseMultistatus(text, [])).toThrow(expect.objectContaining({ kind: "transient" }) as Error);
  });

  it("leaves entities that nobody declared as they are", () => {
    expect(parseXml("<a>&xxe;&lt;</a>").text).toBe("&xxe;<");
  });
});

describe("a folder's listing", () => {
  it.each([
    ["absolute paths", folder("/dav/") + file("/dav/a.txt") + folder("/dav/b/")],
    [
      "whole addresses",
      folder("https://files.example/dav/") + file("https://files.example/dav/a.txt") + folder("http://10.0.0.7:8080/dav/b/"),
    ],
    ["relative ones", folder("/dav/") + file("a.txt") + folder("./b/")],
    ["another place behind a proxy", folder("/internal/store/") + file("/internal/store/a.txt") + folder("/internal/store/b/")],
    ["the folder in the middle", file("/dav/a.txt") + folder("/dav") + folder("/dav/b/")],
    ["what is deeper than was asked for", folder("/dav/") + file("/dav/a.txt") + folder("/dav/b/") + file("/dav/b/deep.txt")],
  ])("has its children by %s", (_how, body) => {
    expect(namesIn(body)).toEqual(["a.txt", "b"]);
  });

  it("decodes names once, and takes signs that a server forgot to encode for what they are", () => {
    expect(
      namesIn(folder("/dav/") + file("/dav/100%2525%20a%23b.txt") + file("/dav/50% off #1?.txt") + file("/dav/%E6%96%87.txt")),
    ).toEqual(["100%25 a#b.txt", "50% off #1?.txt", "文.txt"]);
  });

  it("is asked for by its path below the top, whatever the server calls the way there", () => {
    expect(namesIn(folder("/x/sub%20folder/") + file("/x/sub%20folder/a"), ["dav", "sub folder"], ["sub folder"])).toEqual(["a"]);
    expect(namesIn(folder("/dav/caf%C3%A9/") + file("/dav/caf%C3%A9/a"), ["dav", "cafe\u0301"], ["cafe\u0301"])).toEqual(["a"]);
  });

  it.each([
    ["nothing", "", "transient"],
    ["not the folder itself", file("/dav/a.txt") + file("/dav/b.txt"), "transient"],
    ["one child alone", folder("/dav/only/"), "transient"],
    ["a file in its place", file("/dav"), "not_found"],
    ["a folder that is refused", folder("/dav/").replace("200 OK", "403 Forbidden"), "forbidden"],
    ["another folder too", folder("/dav/") + file("/other/a.txt"), "transient"],
  ])("that names %s is an error", (_what, body, kind) => {
    expect(() => list(body)).toThrow(expect.objectContaining({ kind }) as Error);
  });

  it("is not whole where a child is refused, or has a name that is none", () => {
    const refused = `<d:response><d:href>/dav/secret/</d:href><d:status>HTTP/1.1 403 Forbidden</d:status></d:response>`;
    expect(list(folder("/dav/") + file("/dav/a") + refused)).toMatchObject({ problems: ["the server refuses to describe “secret”"] });
    expect(list(folder("/dav/") + file("/dav/caf%E9.txt") + file("/dav/a%2Fb"))).toMatchObject({
      children: [],
      problems: [{}, {}].map(() => expect.any(String) as string),
    });
    expect(list(folder("/dav/") + file("/dav/a"))).toMatchObject({ problems: [] });
  });
});

describe("an entry", () => {
  const entryOf = (share: typeof CLOUD, properties: string, path = ["a.txt"]) => {
    const [resource] = parseMultistatus(multistatus(file("/a.txt", properties)), []);
    return resource && toEntry(share, resource, { path, parentId: "1" }, 5);
  };

  it("has what Nextcloud tells of a file, and the etag that its download must have", () => {
    const properties = `<d:getetag>&quot;abc&quot;</d:getetag><d:getcontentlength>5</d:getcontentlength><d:getcontenttype>text/plain</d:getcontenttype><d:getlastmodified>Sat, 28 Nov 2026 10:00:00 GMT</d:getlastmodified><oc:fileid>42</oc:fileid><oc:checksums><oc:checksum>SHA1:${"a".repeat(40)} MD5:${"b".repeat(32)} ADLER32:084b021f</oc:checksum></oc:checksums>`;
    expect(entryOf(CLOUD, properties, ["f", "ü.txt"])).toEqual({
      id: "42",
      kind: "file",
      name: "ü.txt",
      parentId: "1",
      size: 5,
      mimeType: "text/plain",
      modifiedAt: Date.UTC(2026, 10, 28, 10),
      webUrl: "https://cloud.example/index.php/f/42",
      hash: { algorithm: "sha1", value: "a".repeat(40) },
      contentTag: '"abc"',
      download: { url: "https://cloud.example/remote.php/dav/files/alice/f/%C3%BC.txt#%22abc%22", at: 5 },
    });
    expect(entryOf(CLOUD, "")).toBeUndefined();
  });

  it("is known by its path on another server, and by the same etag whether that is weak or not", () => {
    expect(entryOf(PLAIN, `<d:getetag>W/"5-6"</d:getetag><oc:fileid>42</oc:fileid>`, ["f", "a.txt"])).toMatchObject({
      id: "/f/a.txt",
      contentTag: '"5-6"',
    });
    expect(pathOfId(pathId(["a", "b"], true))).toEqual({ path: ["a", "b"], folder: true });
    expect([pathId([], true), pathId(["a"], false)]).toEqual(["/", "/a"]);
  });

  it.each([
    ["SHA1:ABCD", undefined],
    [`MD5:${"C".repeat(32)}`, { algorithm: "md5", value: "c".repeat(32) }],
    [`md5:${"c".repeat(32)} SHA256:${"d".repeat(64)}`, { algorithm: "sha256", value: "d".repeat(64) }],
    [`SHA3-256:${"e".repeat(64)}`, undefined],
    [undefined, undefined],
  ])("has of the checksums %s the strongest that can be computed", (text, hash) => {
    expect(hashOf(text)).toEqual(hash);
  });

  it.each([
    ["Tue, 19 Dec 2017 22:02:36 GMT", Date.UTC(2017, 11, 19, 22, 2, 36)],
    ["Tue, 9 Dec 2017 22:02:36 +0100", Date.UTC(2017, 11, 9, 21, 2, 36)],
    ["2017-12-19T22:02:36.789Z", Date.UTC(2017, 11, 19, 22, 2, 36)],
    ["Tue Dec 19 22:02:36 UTC 2017", Date.UTC(2017, 11, 19, 22, 2, 36)],
    ["1513720956", Date.UTC(2017, 11, 19, 22, 2, 36)],
    ["0", undefined],
    ["yesterday", undefined],
  ])("reads the time %s", (text, at) => {
    expect(timeOf(text)).toBe(at);
  });
});

describe("a feed's id", () => {
  it("says how its files are named, and leads nowhere else", () => {
    expect(feedIdOf(shareOf(feedIdOf(CLOUD)))).toBe("nextcloud:https://cloud.example/remote.php/dav/files/alice/");
    for (const id of ["", "plain:", "plain:files", "other:https://files.example/", "plain:https://files.example"]) {
      expect(() => shareOf(id)).toThrow(expect.objectContaining({ kind: "not_found" }) as Error);
    }
  });
});
