import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { FormValues, Provider } from "../../worker/providers/provider.ts";
import { webdav } from "../../worker/providers/webdav/webdav.ts";
import { feedOf } from "./contract.ts";
import { DavFolder, problemOf } from "./dav-folder.ts";
import { SandboxCloud } from "./sandbox-cloud.ts";

// From what a person types to a connection, or to a sentence that says what to change.

/** A server of the test's own words. */
function serverThat(answer: (request: Request) => Response, fields: Partial<FormValues> = {}): { provider: Provider; asked: Request[] } {
  const asked: Request[] = [];
  const provider = webdav.create(env, {
    fetch: async (input, init) => {
      const request = new Request(input, init);
      asked.push(request);
      return answer(request);
    },
    now: () => Date.now(),
    accessToken: () => Promise.reject(new Error("A form has no tokens.")),
    fields: async () => ({ address: "files.example.org/dav", user: "alice", password: "low tide", ...fields }) as FormValues,
  });
  return { provider, asked };
}

const top = (href: string) =>
  new Response(
    `<d:multistatus xmlns:d="DAV:"><d:response><d:href>${href}</d:href><d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`,
    { status: 207 },
  );

describe("an address", () => {
  it.each([
    "cloud.nextcloud.example",
    "https://cloud.nextcloud.example/",
    "  https://CLOUD.nextcloud.example/index.php/apps/files/files?dir=/Photos  ",
    "https://cloud.nextcloud.example/apps/files/",
    "https://cloud.nextcloud.example/login",
    "https://cloud.nextcloud.example/remote.php/dav",
    "https://cloud.nextcloud.example/remote.php/webdav/",
    "https://cloud.nextcloud.example/remote.php/dav/files",
  ])("of a Nextcloud, typed as %j, leads to all files of the person", async (address) => {
    const cloud = await SandboxCloud.open();
    const [feed] = await cloud.again({ address }).feeds();
    expect(feed).toEqual({
      id: `nextcloud:https://cloud.nextcloud.example/remote.php/dav/files/${cloud.fields["user"]}/`,
      name: "cloud.nextcloud.example",
    });
  });

  it("of a folder in a Nextcloud leads to that folder alone, and its files are found there and not outside of it", async () => {
    const cloud = await SandboxCloud.open();
    const [inside = "", outside = ""] = await cloud.mutate(
      { op: "create", path: "/Photos & <more>/a.txt", bytes: "a" },
      { op: "create", path: "/b.txt", bytes: "b" },
    );
    for (const address of [
      `https://cloud.nextcloud.example/remote.php/dav/files/${cloud.fields["user"]}/Photos & <more>`,
      "https://cloud.nextcloud.example/remote.php/webdav/Photos%20&%20%3Cmore%3E",
    ]) {
      const provider = cloud.again({ address });
      const feedId = await feedOf(provider);
      expect(feedId).toBe(
        `nextcloud:https://cloud.nextcloud.example/remote.php/dav/files/${cloud.fields["user"]}/Photos%20%26%20%3Cmore%3E/`,
      );
      const { changes } = await provider.changes(feedId, null);
      expect(changes.flatMap((change) => (change.type === "upsert" ? change.entry.name : []))).toEqual([
        "a.txt",
        "cloud.nextcloud.example",
      ]);
      expect(await provider.lookup(feedId, [inside, outside])).toMatchObject([{ status: "found" }, { status: "gone" }]);
    }
  });

  it("and a name that signs in lead to the same account, however they are written", async () => {
    const cloud = await SandboxCloud.open();
    const { id, label, email, quota } = await cloud.provider.account();
    expect({ id, email, quota }).toEqual({
      id: `https://cloud.nextcloud.example/remote.php/dav/files/${cloud.fields["user"]}/#${cloud.fields["user"]}`,
      email: cloud.account,
      quota: { used: 0, total: 50 * 1024 ** 3 },
    });
    expect(label).toContain(" at cloud.nextcloud.example");
    const again = cloud.again({ user: cloud.account, address: "https://cloud.nextcloud.example/index.php/apps/dashboard/" });
    expect((await again.account()).id).toBe(id);
  });

  it.each([
    ["https://192.168.1.10/dav", "not on the public internet"],
    ["localhost:8080", "not on the public internet"],
    ["nas.local", "not on the public internet"],
    ["https://[::1]/", "not on the public internet"],
    ["https://tidemark.example/", "this Tidemark itself"],
    ["http://files.example.org/", "begin with https"],
    ["https://alice:secret@files.example.org/", "fields of their own"],
    ["ftp://files.example.org/", "https"],
    ["https://", "no web address"],
  ])("%s is refused before anything is asked", async (address, reason) => {
    const { provider, asked } = serverThat(() => top("/"), { address });
    await expect(provider.account()).rejects.toMatchObject({ kind: "unsupported", message: expect.stringContaining(reason) as string });
    expect(asked).toEqual([]);
  });

  it.each([
    [
      "a page",
      () => new Response("<html>Welcome</html>", { headers: { "Content-Type": "text/html" } }),
      "There is no WebDAV at https://files.example.org/dav/",
    ],
    ["nothing", () => new Response("", { status: 404 }), "the server answers 404"],
    ["a server that knows no PROPFIND", () => new Response("", { status: 405 }), "the server answers 405"],
    [
      "a file",
      () =>
        new Response(
          `<d:multistatus xmlns:d="DAV:"><d:response><d:href>/dav</d:href><d:propstat><d:prop><d:resourcetype/></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`,
          { status: 207 },
        ),
      "is a file",
    ],
  ])("of %s says so", async (_what, answer, reason) => {
    const { provider } = serverThat((request) => (request.url.endsWith("/status.php") ? new Response("", { status: 404 }) : answer()));
    await expect(provider.account()).rejects.toMatchObject({ kind: "unsupported", message: expect.stringContaining(reason) as string });
  });

  it("of any other server is followed as it is", async () => {
    const { provider, asked } = serverThat((request) => (request.method === "PROPFIND" ? top("/dav/") : new Response("", { status: 404 })));
    expect(await provider.account()).toEqual({ id: "https://files.example.org/dav/#alice", label: "alice at files.example.org" });
    expect(await feedOf(provider)).toBe("plain:https://files.example.org/dav/");
    expect(asked[0]?.headers.get("Authorization")).toBeNull();
  });

  it("of a look-alike that cannot say where an id is, is followed by paths", async () => {
    const { provider } = serverThat(({ method, url }) => {
      if (url.endsWith("/status.php")) return Response.json({ installed: true, productname: "Nextcloud" });
      if (method === "SEARCH") return new Response("", { status: 501 });
      return method === "PROPFIND" ? top("/remote.php/dav/files/alice/") : new Response("", { status: 404 });
    });
    expect(await feedOf(provider)).toBe("plain:https://files.example.org/dav/remote.php/dav/files/alice/");
  });

  it("of a server in maintenance says so", async () => {
    const { provider } = serverThat(() => Response.json({ installed: true, maintenance: true }));
    await expect(provider.account()).rejects.toMatchObject({
      kind: "transient",
      message: expect.stringContaining("maintenance") as string,
    });
  });
});

describe("how a server is read", () => {
  it("is settled the first time: an answer that looks otherwise does not make another feed of it", async () => {
    const cloud = await SandboxCloud.open();
    const [feed] = await cloud.provider.feeds();
    const refused = async (): Promise<string[]> => {
      await cloud.fault({ match: { method: "SEARCH" }, status: 403 });
      const found = await cloud.again().feeds(undefined, [feed?.id ?? ""]);
      const unknown = await cloud.again().feeds();
      await cloud.mend();
      return [...found, ...unknown].map(({ id }) => id.slice(0, id.indexOf(":")));
    };
    expect(await refused()).toEqual(["nextcloud", "plain"]);
    expect((await cloud.again().feeds([feed?.id ?? ""])).map(({ id }) => id)).toEqual([feed?.id]);
  });

  it.each(["nextcloud-empty-multistatus", "nextcloud-refused-child"])("is not decided by %s", async (name) => {
    const cloud = await SandboxCloud.open();
    await cloud.fault({ name });
    await expect(cloud.again().feeds()).rejects.toMatchObject({ name: "ProviderError" });
    await cloud.mend();
  });
});

describe("the password", () => {
  it("goes along with redirects on its own origin, and to no other", async () => {
    const { provider, asked } = serverThat(({ url, method }) => {
      if (method !== "PROPFIND") return new Response("", { status: 404 });
      const location = url.endsWith("/dav/") ? "/real/" : url.endsWith("/real/") ? "https://other.example.org/real/" : "";
      return new Response(null, { status: 302, headers: { Location: location } });
    });
    await expect(provider.account()).rejects.toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("https://other.example.org/real/") as string,
    });
    expect(asked.filter(({ headers }) => headers.has("Authorization")).map(({ url }) => url)).toEqual([
      "https://files.example.org/dav/",
      "https://files.example.org/real/",
    ]);
    expect(asked.every(({ url }) => new URL(url).host === "files.example.org")).toBe(true);
  });

  it("goes to no other origin by a feed, or by an address to download from", async () => {
    const { provider, asked } = serverThat(() => top("/dav/"));
    await expect(provider.changes("plain:https://other.example.org/dav/", null)).rejects.toMatchObject({ kind: "unsupported" });
    const download = { url: "https://other.example.org/dav/a.txt", at: Date.now() };
    await expect(provider.open({ id: "/a.txt", feedId: "plain:https://files.example.org/dav/", download })).rejects.toMatchObject({
      kind: "fatal",
    });
    expect(asked).toEqual([]);
  });

  it("that is redirected in a circle is not followed for ever", async () => {
    const { provider, asked } = serverThat(({ url }) => new Response(null, { status: 301, headers: { Location: url } }));
    await expect(provider.account()).rejects.toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("redirects") as string,
    });
    expect(asked.length).toBeLessThan(6);
  });

  it("that is wrong is tried once, however often the connection is asked", async () => {
    const cloud = await SandboxCloud.open();
    cloud.fields = { ...cloud.fields, password: "guess" };
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(cloud.provider.account()).rejects.toMatchObject({
        kind: "auth",
        message: expect.stringContaining("app password") as string,
      });
    }
    expect((await cloud.requests())["GET /ocs/v1.php/cloud/user 401"]).toBe(1);
    const feed = `nextcloud:https://cloud.nextcloud.example/remote.php/dav/files/${cloud.fields["user"]}/`;
    await expect(cloud.provider.changes(feed, null)).rejects.toMatchObject({ kind: "auth" });
    expect(await cloud.requests()).toEqual({ "GET /ocs/v1.php/cloud/user 401": 1 });
  });

  it("that was guessed too often by others is left alone for as long as the server's throttle lasts", async () => {
    const cloud = await SandboxCloud.open();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await expect(cloud.again({ password: `guess ${attempt}` }).account()).rejects.toMatchObject({ kind: "auth" });
    }
    await expect(cloud.provider.account()).rejects.toMatchObject({ kind: "throttled", retryAfterSeconds: 1_800 });
  });

  it("that a server takes in no plain form says which it wants", async () => {
    const { provider } = serverThat(({ method }) =>
      method === "PROPFIND"
        ? new Response("", { status: 401, headers: { "WWW-Authenticate": 'Digest realm="x"' } })
        : new Response("", { status: 404 }),
    );
    await expect(provider.account()).rejects.toMatchObject({ kind: "auth", message: expect.stringContaining("only Digest") as string });
  });

  it("is nowhere in an error", async () => {
    const cloud = await SandboxCloud.open();
    const secret = "a secret of mine";
    const error = await cloud
      .again({ password: secret })
      .account()
      .catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(secret);
    expect(String(error)).not.toContain(btoa(`${cloud.fields["user"]}:${secret}`));
  });
});

describe("a connection", () => {
  it("is browsed folder by folder, from the top", async () => {
    const cloud = await SandboxCloud.open();
    await cloud.mutate({ op: "create", path: "/f/deep/a.txt", bytes: "abc" }, { op: "create", path: "/b.txt", bytes: "b" });
    const { browse } = cloud.provider;
    const first = await browse?.list(null, null);
    expect(first?.entries).toMatchObject([{ whole: true, kind: "folder", feedId: await feedOf(cloud.provider) }]);
    const [share] = first?.entries ?? [];
    const inTop = await browse?.list({ id: share?.id ?? "", feedId: share?.feedId ?? "" }, null);
    expect(inTop).toMatchObject({
      entries: [
        { name: "b.txt", kind: "file", size: 1, hasChildren: false },
        { name: "f", kind: "folder" },
      ],
      cursor: null,
    });
    const deep = await browse?.list({ id: inTop?.entries[1]?.id ?? "", feedId: share?.feedId ?? "" }, null);
    expect(deep?.entries).toMatchObject([{ name: "deep", kind: "folder" }]);
    await expect(browse?.list({ id: "999", feedId: share?.feedId ?? "" }, null)).rejects.toMatchObject({ kind: "not_found" });
    await cloud.mutate(...Array.from({ length: 510 }, (_, n) => ({ op: "mkdir" as const, path: `/many/${String(n).padStart(3, "0")}` })));
    const many = {
      id:
        (await browse?.list({ id: share?.id ?? "", feedId: share?.feedId ?? "" }, null))?.entries.find(({ name }) => name === "many")?.id ??
        "",
      feedId: share?.feedId ?? "",
    };
    const page = await browse?.list(many, null);
    expect([page?.entries.length, page?.cursor, (await browse?.list(many, page?.cursor ?? null))?.entries.length]).toEqual([
      500,
      "499",
      10,
    ]);
  });

  it("is tested for what its server can do", async () => {
    const cloud = await SandboxCloud.open();
    await cloud.put("/a.txt", "a");
    expect(await cloud.provider.checks?.()).toMatchObject([
      { name: "Files", ok: true, message: expect.stringMatching(/^Nextcloud 33/) as string },
      { name: "Changes", ok: true, message: expect.stringContaining("one request") as string },
      { name: "Checksums", ok: true, message: expect.stringContaining("1 of 1") as string },
    ]);
  });

  it("downloads a file only as it was listed", async () => {
    const cloud = await SandboxCloud.open();
    const id = await cloud.put("/a.txt", "hello world");
    const feedId = await feedOf(cloud.provider);
    const [found] = await cloud.provider.lookup(feedId, [id]);
    if (found?.status !== "found" || !found.entry.download) throw new Error("The file is there.");
    const content = { id, feedId, download: found.entry.download };
    expect(await new Response((await cloud.provider.open(content, { range: { offset: 6, length: 5 } })).body).text()).toBe("world");
    expect(await new Response((await cloud.provider.open({ id, feedId })).body).text()).toBe("hello world");
    await cloud.put("/a.txt", "HELLO WORLD");
    await expect(cloud.provider.open(content)).rejects.toMatchObject({ kind: "expired_url", status: 412 });
    await cloud.fault({ name: "nextcloud-locked", match: { method: "GET" } });
    await expect(cloud.provider.open({ id, feedId })).rejects.toMatchObject({ kind: "transient", status: 423 });
  });

  const apache = problemOf("apache.test");
  it.skipIf(apache !== null)(
    `to a real Apache tells what it can do, and refuses a wrong password${apache === null ? "" : ` (${apache})`}`,
    async () => {
      const folder = await DavFolder.open("apache.test");
      await folder.put("/a.txt", "a");
      expect(await folder.provider.checks?.()).toMatchObject([
        { name: "Files", message: `A WebDAV server answers at ${folder.url}.` },
        { name: "Changes", message: expect.stringContaining("Every folder is read each time") as string },
        { name: "Checksums", message: expect.stringContaining("No file") as string },
      ]);
      folder.fields = { ...folder.fields, password: "wrong" };
      const refused = webdav.create(env, folder.context);
      await expect(refused.account()).rejects.toMatchObject({ kind: "auth", status: 401 });
      await expect(
        webdav
          .create(env, {
            ...folder.context,
            fields: async () => ({ ...folder.fields, password: "low tide", address: `${folder.url}none` }) as FormValues,
          })
          .account(),
      ).rejects.toMatchObject({ kind: "unsupported", status: 404 });
    },
  );
});
