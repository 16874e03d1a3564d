import { env } from "cloudflare:workers";
import { XMLParser } from "fast-xml-parser";
import { beforeEach, describe, expect, it } from "vitest";
import { hashOfToken, makeToken } from "../../worker/auth/token.ts";
import { timeId } from "../../worker/ids.ts";
import type { Scope } from "../../worker/scopes.ts";
import { call, errorCode } from "./client.ts";
import { seedFolder, seedItem, seedItems, seedRoot, seedSession, seedStoredFile, seedSync, seedToken, seedUser } from "./seed.ts";

const AT = Date.parse("2024-02-29T12:30:15Z");
/** What the source told of a content: without any of it the content is known to be damaged. */
const TOLD = { storedModifiedAt: AT };

let userId: string;
let syncId: string;
let token: string;

beforeEach(async () => {
  userId = await seedUser();
  token = await tokenOf(userId);
  syncId = await seedSync({ userId, name: "Work" });
  await seedRoot(syncId);
});

describe("who comes in", () => {
  it.each([
    ["nobody", undefined],
    ["another way of signing in", "Digest username=x"],
    ["what is no base64", "Basic %%%"],
    ["a password that is no token", `Basic ${btoa("alice:secret")}`],
    ["a token that was revoked", `Basic ${btoa(`alice:${makeToken(timeId(1))}`)}`],
  ])("%s is asked for a password, in UTF-8", async (_, authorization) => {
    const response = await call("/dav/", {
      method: "PROPFIND",
      headers: { depth: "0", ...(authorization !== undefined && { authorization }) },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^Basic realm=".+", charset="UTF-8"$/);
  });

  it("a browser's session is not enough, nor a token without the scope “read”", async () => {
    expect((await call("/dav/", { cookie: await seedSession(userId) })).status).toBe(401);
    const response = await dav("/dav/", { token: await tokenOf(userId, ["run", "write"]) });
    expect([response.status, await errorCode(response)]).toEqual([403, "auth.scope_missing"]);
  });

  it("guessing is refused with 429, and a valid token still goes through", async () => {
    const guess = () => call("/dav/", { headers: { authorization: `Basic ${btoa("x:tdm_wrong")}`, "cf-connecting-ip": "192.0.2.77" } });
    const statuses = new Set<number>();
    for (let n = 0; n < 40; n += 1) statuses.add((await guess()).status);
    expect(statuses).toEqual(new Set([401, 429]));
    const response = await call("/dav/", { method: "OPTIONS", headers: { ...basic(token), "cf-connecting-ip": "192.0.2.77" } });
    expect([response.status, response.headers.get("dav"), response.headers.get("allow")]).toEqual([
      200,
      "1",
      "OPTIONS, GET, HEAD, PROPFIND",
    ]);
  });

  it("nobody reads another user's sync, though its name and everything below it are known", async () => {
    await seedStoredFile(userId, { syncId, remoteId: "x", name: "a.txt", content: "mine", ...TOLD });
    const stranger = await tokenOf(await seedUser());
    expect(await names("/dav/", { token: stranger })).toEqual([]);
    for (const path of ["/dav/Work/", "/dav/Work/a.txt"]) {
      expect((await dav(path, { token: stranger })).status, path).toBe(404);
      expect((await dav(path, { method: "GET", token: stranger })).status, path).toBe(404);
    }
  });
});

describe("what is listed", () => {
  it("is what is stored, by the stored content: not what waits, was removed or is left out", async () => {
    const stored = { ...TOLD, modifiedAt: AT + 86_400_000 };
    const { sha256 } = await seedStoredFile(userId, {
      syncId,
      remoteId: "a",
      name: "a.txt",
      mimeType: "text/plain",
      content: "1234",
      ...stored,
    });
    await seedStoredFile(userId, { syncId, remoteId: "b", name: "newer waits.txt", state: "pending", content: "old", ...stored });
    await seedStoredFile(userId, { syncId, remoteId: "c", name: "held.txt", state: "held", content: "kept", ...stored });
    await seedStoredFile(userId, { syncId, remoteId: "d", name: "gone.txt", state: "removed", content: "gone", ...stored });
    await seedStoredFile(userId, { syncId, remoteId: "e", name: "left out.txt", state: "excluded", content: "out", ...stored });
    await seedItem({ syncId, remoteId: "f", name: "not yet.txt" });
    await seedFolder({ syncId, remoteId: "folder", name: "Empty", createdAt: AT });
    await seedSync({ userId, name: "Going", status: "deleting" });

    expect(await names("/dav/")).toEqual(["/dav/Work/"]);
    expect(await names("/dav/Work")).toEqual(["/dav/Work/Empty/", "/dav/Work/a.txt", "/dav/Work/held.txt", "/dav/Work/newer%20waits.txt"]);
    expect(await names("/dav/Work/Empty/")).toEqual([]);
    const [file] = await propfind("/dav/Work/a.txt", { depth: "0" });
    expect(file?.properties).toEqual({
      displayname: "a.txt",
      resourcetype: "",
      getlastmodified: "Thu, 29 Feb 2024 12:30:15 GMT",
      getcontentlength: "4",
      getcontenttype: "text/plain",
      getetag: `"${sha256}"`,
    });
    const [folder] = await propfind("/dav/Work/Empty", { depth: "0" });
    expect(folder).toMatchObject({ href: "/dav/Work/Empty/", properties: { creationdate: "2024-02-29T12:30:15.000Z" } });
  });

  it("has folders that were not chosen only where what was chosen lies below", async () => {
    const excluded = { syncId, state: "excluded", reason: "not_selected" } as const;
    await seedFolder({ ...excluded, remoteId: "a", name: "On the way" });
    await seedFolder({ ...excluded, remoteId: "b", parentId: "a", name: "Too" });
    await seedFolder({ syncId, remoteId: "c", parentId: "b", name: "Chosen" });
    await seedFolder({ ...excluded, remoteId: "d", name: "Private" });
    await seedItem({ ...excluded, remoteId: "e", parentId: "d", name: "secret.txt" });
    expect(await names("/dav/Work/")).toEqual(["/dav/Work/On%20the%20way/"]);
    expect(await names("/dav/Work/On%20the%20way/Too/")).toEqual(["/dav/Work/On%20the%20way/Too/Chosen/"]);
  });

  it("has every item under a name and an address of its own, which lead back to it", async () => {
    const odd = [
      "100% #1? \"q\" 'a' <b> & c.txt",
      "e\u0301.txt",
      "\u00e9.txt",
      "🌊.txt",
      " spaces  ",
      "a+b;c=d.txt",
      "back\\slash",
      "%2F.txt",
      "A.txt",
      "a.txt",
    ];
    const unplain = ["a/b.txt", "..", "line\nbreak", "a\uff0fb.txt"];
    const twins = ["same.txt", "same.txt", "same.txt"];
    const all = [...odd, ...unplain, ...twins];
    for (const [index, name] of all.entries())
      await seedStoredFile(userId, { syncId, remoteId: `i${index}`, name, content: `content of ${index}`, ...TOLD });
    await seedFolder({ syncId, remoteId: "folder", name: "same.txt" });
    await seedFolder({ syncId, remoteId: "slash", name: "2024/05" });
    await seedStoredFile(userId, { syncId, remoteId: "deep", parentId: "slash", name: "in it.txt", content: "deep", ...TOLD });

    const hrefs = await names("/dav/Work/");
    expect(new Set(hrefs).size).toBe(all.length + 2);
    const contents = await Promise.all(
      hrefs.filter((href) => !href.endsWith("/")).map(async (href) => (await dav(href, { method: "GET" })).text()),
    );
    expect(contents.sort()).toEqual(all.map((_, index) => `content of ${index}`).sort());
    for (const name of odd) expect(hrefs).toContain(`/dav/Work/${encodeURIComponent(name)}`);
    // The folder comes first, so its name is the plain one.
    expect(hrefs).toContain("/dav/Work/same.txt/");
    const slashed = hrefs.find((href) => href.includes("2024")) ?? "";
    expect(slashed).toMatch(/^\/dav\/Work\/2024%EF%BC%8F05%20%5B[a-z2-7]{8}%5D\/$/);
    expect(await names(slashed)).toEqual([`${slashed}in%20it.txt`]);
    // No name is read as a way.
    for (const path of ["/dav/Work/a%2Fb.txt", "/dav/Work/%ff", "/dav/Work/nothing", "/dav/Work/a.txt/below"])
      expect((await dav(path)).status, path).toBe(404);
  });

  it("tells syncs of one name apart, and shows a sync with several roots as one folder", async () => {
    const second = await seedSync({ userId, name: "Work", createdAt: AT + 1e12 });
    for (const root of ["r1", "r2"]) {
      await seedFolder({ syncId: second, remoteId: root, name: root, parentId: null });
      await seedFolder({ syncId: second, remoteId: `${root}-x`, parentId: root, name: "Documents" });
      await seedStoredFile(userId, {
        syncId: second,
        remoteId: `${root}-f`,
        parentId: `${root}-x`,
        name: `${root}.txt`,
        content: root,
        ...TOLD,
      });
    }
    const [first, other = ""] = await names("/dav/");
    expect(first).toBe("/dav/Work/");
    const [plain = "", marked = ""] = await names(other);
    expect(plain).toBe(`${other}Documents/`);
    expect([await names(plain), await names(marked)]).toEqual([[`${plain}r1.txt`], [`${marked}r2.txt`]]);
  });

  describe("of a large folder", () => {
    const COUNT = 2_500;
    const large = () =>
      seedItems(
        Array.from({ length: COUNT }, (_, n) => ({
          syncId, remoteId: `i${n}`, name: `file ${n % 2_000}.txt`, state: "stored" as const, storedId: "x", storedSize: n, storedSha256: "ab", ...TOLD,
        })),
      ); // prettier-ignore

    it("is whole, over its pages", async () => {
      await large();
      const hrefs = await names("/dav/Work/");
      expect([hrefs.length, new Set(hrefs).size]).toEqual([COUNT, COUNT]);
    });

    it("breaks off visibly where a file was moved meanwhile, and never ends as if it were whole", async () => {
      await large();
      const body = (await dav("/dav/Work/")).body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      const read = async () => {
        const { done, value } = await body.read();
        text += value ?? "";
        return done;
      };
      while (!text.includes("file%20")) await read();
      // From the end, which is still to come, to the front, which is over.
      await env.DB.batch([
        env.DB.prepare("UPDATE items SET name = 'a first.txt' WHERE sync_id = ? AND remote_id = 'i999'").bind(syncId),
        env.DB.prepare("INSERT INTO changes (user_id, number, at, sync_id, items) VALUES (?, 1, 1, ?, ?)").bind(
          userId,
          syncId,
          '{"moved":["i999"]}',
        ),
      ]);
      await expect(
        (async () => {
          while (!(await read()));
        })(),
      ).rejects.toThrow("changed while it was listed");
      expect(text).not.toContain("</D:multistatus>");
      expect(text).not.toContain("first.txt");
    });
  });
});

describe("PROPFIND", () => {
  const PROPERTIES = (inner: string) => `<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:x="urn:x">${inner}</d:propfind>`;

  it("answers what is named, and says of the rest that it is not there", async () => {
    const body = PROPERTIES("<d:prop><d:displayname/><d:getetag/><x:mine/><d:quota-used-bytes/><none xmlns=''/></d:prop>");
    const response = await dav("/dav/Work/", { depth: "0", body });
    expect(await response.text()).toBe(
      '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">\n<D:response><D:href>/dav/Work/</D:href>' +
        "<D:propstat><D:prop><D:displayname>Work</D:displayname><D:quota-used-bytes>0</D:quota-used-bytes></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>" +
        '<D:propstat><D:prop><D:getetag/><p1:mine xmlns:p1="urn:x"/><none/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>' +
        "</D:response>\n\n</D:multistatus>\n",
    );
  });

  it("answers names alone, or all that is usual and what is asked for beside", async () => {
    const namesOnly = await propfind("/dav/Work/", { depth: "0", body: PROPERTIES("<d:propname/>") });
    expect(namesOnly[0]?.properties).toEqual({ displayname: "", resourcetype: "", creationdate: "", "quota-used-bytes": "" });
    const all = await propfind("/dav/Work/", { depth: "0", body: PROPERTIES("<d:allprop/><d:include><d:quota-used-bytes/></d:include>") });
    expect(all[0]?.properties).toMatchObject({ displayname: "Work", "quota-used-bytes": "0" });
    expect((await propfind("/dav/Work/", { depth: "0" }))[0]?.properties).not.toHaveProperty("quota-used-bytes");
  });

  it("lists no tree at once: of a folder infinity is refused, as RFC 4918 says; of a file it is the file", async () => {
    await seedStoredFile(userId, { syncId, remoteId: "x", name: "a.txt", content: "x", ...TOLD });
    for (const depth of ["infinity", undefined]) {
      const response = await dav("/dav/Work/", { depth });
      expect([response.status, await response.text()]).toEqual([403, expect.stringContaining("<D:propfind-finite-depth/>")]);
      expect((await dav("/dav/Work/a.txt", { depth })).status).toBe(207);
    }
  });

  it.each<[what: string, status: number, body: string]>([
    ["no XML", 400, "nonsense"],
    ["another document", 400, '<d:mkcol xmlns:d="DAV:"/>'],
    ["half of one", 400, '<d:propfind xmlns:d="DAV:"><d:allprop/>'],
    ["one with entities", 400, `<!DOCTYPE d [<!ENTITY a "b">]>${PROPERTIES("<d:allprop/>")}`],
    ["one that is too large", 413, PROPERTIES(`<!--${"x".repeat(70_000)}--><d:allprop/>`)],
    ["one with too many names", 400, PROPERTIES(`<d:prop>${"<x:a/>".repeat(201)}</d:prop>`)],
    ["one with a name that breaks out", 400, PROPERTIES(`<d:prop><x:a"b/></d:prop>`)],
  ])("refuses %s with %i", async (_, status, body) => {
    expect((await dav("/dav/Work/", { depth: "0", body })).status).toBe(status);
  });

  it("refuses a depth that there is not", async () => {
    expect((await dav("/dav/Work/", { depth: "2" })).status).toBe(400);
  });
});

describe("reading", () => {
  const path = "/dav/Work/a.txt";
  const get = (headers: Record<string, string> = {}) => dav(path, { method: "GET", headers });

  it("a file comes whole, in part, or not again, as by the API", async () => {
    const { sha256 } = await seedStoredFile(userId, { syncId, remoteId: "x", name: "a.txt", content: "0123456789", ...TOLD });
    const whole = await get();
    expect([whole.status, await whole.text(), whole.headers.get("last-modified")]).toEqual([
      200,
      "0123456789",
      "Thu, 29 Feb 2024 12:30:15 GMT",
    ]);
    const part = await get({ range: "bytes=2-4", "if-range": `"${sha256}"` });
    expect([part.status, await part.text()]).toEqual([206, "234"]);
    expect((await get({ range: "bytes=2-4", "if-range": '"other"' })).status).toBe(200);
    expect((await get({ "if-none-match": `"${sha256}"` })).status).toBe(304);
    expect((await get({ range: "bytes=10-" })).status).toBe(416);
    const head = await dav(path, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
  });

  it("a content that is known to be damaged is listed, so that no mirror of this one drops its own, and not given out", async () => {
    await seedStoredFile(userId, { syncId, remoteId: "x", name: "a.txt", content: "broken" });
    expect(await names("/dav/Work/")).toEqual([path]);
    const response = await get();
    expect([response.status, await errorCode(response)]).toEqual([409, "version.damaged"]);
  });

  it.each(["PUT", "DELETE", "MKCOL", "MOVE", "COPY", "PROPPATCH", "LOCK", "POST"])("%s is refused, and changes nothing", async (method) => {
    await seedStoredFile(userId, { syncId, remoteId: "x", name: "a.txt", content: "x", ...TOLD });
    const response = await dav(path, { method, token: await tokenOf(userId, ["read", "write"]) });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "OPTIONS, GET, HEAD, PROPFIND"]);
    expect(await (await get()).text()).toBe("x");
  });

  it("a folder has no content", async () => {
    expect((await dav("/dav/Work/", { method: "GET" })).status).toBe(405);
  });
});

const parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false, isArray: (name) => name === "response" || name === "propstat" });

interface DavOptions {
  method?: string;
  token?: string;
  depth?: string | undefined;
  body?: string;
  headers?: Record<string, string>;
}

function dav(path: string, options: DavOptions = {}): Promise<Response> {
  const depth = "depth" in options ? options.depth : "1";
  const headers = { ...basic(options.token ?? token), ...(depth !== undefined && { depth }), ...options.headers };
  return call(path, {
    method: options.method ?? "PROPFIND",
    origin: null,
    headers,
    ...(options.body !== undefined && { body: options.body }),
  });
}

async function propfind(path: string, options: DavOptions = {}): Promise<{ href: string; properties: Record<string, unknown> }[]> {
  const response = await dav(path, options);
  const text = await response.text();
  if (response.status !== 207) throw new Error(`${path}: ${response.status} ${text}`);
  const { multistatus } = parser.parse(text) as {
    multistatus: { response: { href: string; propstat: { prop: Record<string, unknown> }[] }[] };
  };
  return multistatus.response.map(({ href, propstat }) => ({ href, properties: propstat[0]?.prop ?? {} }));
}

/** The addresses of what is in a folder. */
async function names(path: string, options: DavOptions = {}): Promise<string[]> {
  const [self, ...others] = (await propfind(path, options)).map(({ href }) => href);
  expect(self).toBe(path.endsWith("/") ? path : `${path}/`);
  return others;
}

function basic(shown: string): Record<string, string> {
  return { authorization: `Basic ${btoa(`anyone:${shown}`)}` };
}

async function tokenOf(ofUser: string, scopes: Scope[] = ["read"]): Promise<string> {
  const id = timeId(Date.now());
  const made = makeToken(id);
  await seedToken({ id, userId: ofUser, hash: hashOfToken(made), scopes });
  return made;
}
