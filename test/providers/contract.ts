import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { expect, test } from "vitest";
import type { ContentRef, Entry, KnownItem, KnownItems, Provider } from "../../worker/providers/provider.ts";

/** A drive of the provider under test, with a person's hands on it. */
export interface Fixture {
  provider: Provider;
  /** Paths from the root, with a leading slash. Answers the id. */
  put(path: string, content: string): Promise<string>;
  rename(path: string, name: string): Promise<void>;
  move(path: string, folder: string): Promise<void>;
  remove(path: string): Promise<void>;
  restore(id: string): Promise<void>;
  /** What the file of this path is called, where the source names its files itself. */
  nameOf?(path: string): string;
  /** Every live file. */
  files(): Promise<{ id: string; path: string; sha256: string }[]>;
  expireCursors(): Promise<void>;
  /** Lets so much time pass that no download address handed out before is good. Absent: the source's do not run out. */
  expireAddresses?(): Promise<void>;
  /** The next request is throttled, to be repeated after two seconds. */
  throttleOnce(): Promise<void>;
  /** Every token handed out is refused. */
  revoke(): Promise<void>;
}

/** Promises that a source cannot keep, each with the reason. */
export interface Exceptions {
  /** Why files are announced without a hash. */
  hashes?: string;
  /** Why no cursor expires. */
  expiringCursors?: string;
  /** Why an item has another id elsewhere. */
  lastingIds?: string;
  /** Why another case alone, in a name, is told by a list from the beginning only. */
  caseRenames?: string;
  /** Why only a list from the beginning tells what was moved, removed or restored. */
  removals?: string;
  /** Why there are no subscriptions to make. */
  subscriptions?: string;
  /** Why nothing is renamed, moved, changed or restored. */
  tree?: string;
  /** Why there is no file without a byte. */
  emptyFiles?: string;
  /** Why a source that throttles does not say for how long. */
  namedWaits?: string;
}

/** What every provider does: the promises that the core builds on. */
export function providerContract(open: () => Promise<Fixture>, exceptions: Exceptions = {}): void {
  test("an enumeration, applied by id, is the drive", async () => {
    const drive = await open();
    await drive.put("/a.txt", "a");
    await drive.put("/folder/deep/b.txt", "b");
    await drive.put("/folder/Ünïcode — 文件 🌊.txt", "c");
    await drive.put("/folder/gone.txt", "d");
    await drive.remove("/folder/gone.txt");
    expect(await mirror(drive)).toEqual(await expected(drive));
  });

  test("rounds of changes keep the mirror equal through renames, moves, removals, new contents and restores", async ({ skip }) => {
    skip(exceptions.tree !== undefined, exceptions.tree);
    const drive = await open();
    await drive.put("/one/a.txt", "a");
    await drive.put("/one/b.txt", "b");
    const removed = await drive.put("/two/c.txt", "c");
    const feedId = await feedOf(drive.provider);
    const known = new Map<string, Entry>();
    let cursor = await applyRound(drive.provider, feedId, null, known);
    const step = async (...changes: Promise<unknown>[]) => {
      await Promise.all(changes);
      cursor = await applyRound(drive.provider, feedId, cursor, known);
      if (exceptions.removals !== undefined) cursor = await reconcile(drive.provider, feedId, known);
      expect(pathsOf(known)).toEqual(await expected(drive));
    };
    await step(drive.put("/one/new.txt", "new"));
    await step(drive.rename("/one", "eins"));
    await step(drive.rename("/eins/a.txt", exceptions.caseRenames === undefined ? "A.txt" : "aa.txt"));
    await step(drive.move("/eins/b.txt", "/two"));
    await step(drive.put("/two/b.txt", "other content"));
    await step(drive.remove("/two/c.txt"));
    await step(drive.restore(removed));
    await step(drive.move("/eins", "/two"));
    await step(drive.remove("/two/eins"));
    const before = known.size;
    cursor = await applyRound(drive.provider, feedId, cursor, known);
    expect(known.size).toBe(before);
  });

  test("a cursor can be used again, with the same outcome", async () => {
    const drive = await open();
    await drive.put("/a.txt", "a");
    const feedId = await feedOf(drive.provider);
    const first = new Map<string, Entry>();
    const cursor = await applyRound(drive.provider, feedId, null, first);
    await drive.put("/b.txt", "b");
    const again = new Map(first);
    await applyRound(drive.provider, feedId, cursor, first);
    await applyRound(drive.provider, feedId, cursor, again);
    expect(pathsOf(again)).toEqual(pathsOf(first));
    expect(pathsOf(first)).toEqual(await expected(drive));
  });

  test.skipIf(exceptions.expiringCursors !== undefined)("an expired cursor says so, and enumerating again brings the drive", async () => {
    const drive = await open();
    await drive.put("/a.txt", "a");
    const feedId = await feedOf(drive.provider);
    const cursor = await applyRound(drive.provider, feedId, null, new Map());
    await drive.expireCursors();
    await expect(drive.provider.changes(feedId, cursor)).rejects.toMatchObject({ name: "ProviderError", kind: "cursor_expired" });
    expect(await mirror(drive)).toEqual(await expected(drive));
  });

  test("files come with their marks, and their bytes are what the drive has", async () => {
    const drive = await open();
    await drive.put("/a.txt", "hello world");
    const entry = await entryAt(drive, "a.txt");
    expect(entry).toMatchObject({ kind: "file", size: 11, modifiedAt: expect.any(Number) });
    expect(entry.modifiedAt).toBe(Math.floor((entry.modifiedAt ?? 0) / 1000) * 1000);
    if (exceptions.hashes === undefined) expect(drive.provider.facts.hashAlgorithms).toContain(entry.hash?.algorithm);
    else expect(entry.contentTag).toBeDefined();
    const opened = await drive.provider.open(await refTo(drive, entry));
    expect(opened).toMatchObject({ size: 11, partial: false });
    const bytes = new Uint8Array(await new Response(opened.body).arrayBuffer());
    expect(encodeHexLowerCase(sha256(bytes))).toBe((await drive.files())[0]?.sha256);
  });

  test("a range of a content can be read", async () => {
    const drive = await open();
    await drive.put("/a.txt", "hello world");
    const opened = await drive.provider.open(await refTo(drive, await entryAt(drive, "a.txt")), { range: { offset: 6, length: 3 } });
    expect(opened.partial).toBe(true);
    expect(await new Response(opened.body).text()).toBe("wor");
  });

  test("a range past the end is an error", async () => {
    const drive = await open();
    await drive.put("/a.txt", "hello world");
    const ref = await refTo(drive, await entryAt(drive, "a.txt"));
    await expect(drive.provider.open(ref, { range: { offset: 100, length: 3 } })).rejects.toMatchObject({ kind: "fatal", status: 416 });
  });

  test.skipIf(exceptions.lastingIds !== undefined)(
    "an address that has run out says so, and a lookup brings a new one",
    async ({ skip }) => {
      const drive = await open();
      if (!drive.expireAddresses) return skip("The source's addresses do not run out.");
      const id = await drive.put("/a.txt", "hello");
      const ref = await refTo(drive, await entryAt(drive, "a.txt"));
      await drive.expireAddresses();
      await expect(drive.provider.open(ref)).rejects.toMatchObject({ kind: "expired_url" });
      const [found] = await drive.provider.lookup(ref.feedId, [id]);
      if (found?.status !== "found") throw new Error("The file is there.");
      expect(await new Response((await drive.provider.open(await refTo(drive, found.entry))).body).text()).toBe("hello");
    },
  );

  test("a lookup tells what is there and what is gone, many at once", async () => {
    const drive = await open();
    const ids: string[] = [];
    for (let i = 0; i < drive.provider.facts.lookupMax; i++) ids.push(await drive.put(`/${i}.txt`, `content ${i}`));
    await drive.remove("/3.txt");
    const answers = new Map((await drive.provider.lookup(await feedOf(drive.provider), ids)).map((answer) => [answer.id, answer]));
    expect(answers.size).toBe(ids.length);
    expect([...answers.values()].filter(({ status }) => status === "gone").map(({ id }) => id)).toEqual([ids[3]]);
    expect(answers.get(ids[4] ?? "")).toMatchObject({ status: "found", entry: { name: nameAt(drive, "4.txt"), size: 9, kind: "file" } });
  });

  test("more ids than a lookup takes are refused", async () => {
    const drive = await open();
    const ids = Array.from({ length: drive.provider.facts.lookupMax + 1 }, (_, i) => String(i));
    await expect(drive.provider.lookup(await feedOf(drive.provider), ids)).rejects.toMatchObject({ kind: "fatal" });
  });

  test("an empty file has the size 0", async ({ skip }) => {
    skip(exceptions.emptyFiles !== undefined, exceptions.emptyFiles);
    const drive = await open();
    await drive.put("/empty.txt", "");
    expect(await entryAt(drive, "empty.txt")).toMatchObject({ kind: "file", size: 0 });
  });

  test("throttling says how long to wait", async ({ skip }) => {
    skip(exceptions.namedWaits !== undefined, exceptions.namedWaits);
    const drive = await open();
    const feedId = await feedOf(drive.provider);
    await drive.throttleOnce();
    await expect(drive.provider.changes(feedId, null)).rejects.toMatchObject({ kind: "throttled", retryAfterSeconds: 2 });
    await expect(drive.provider.changes(feedId, null)).resolves.toMatchObject({ more: false });
  });

  test("a grant that is gone asks for a new sign-in", async () => {
    const drive = await open();
    await drive.revoke();
    await expect(drive.provider.account()).rejects.toMatchObject({ kind: "auth" });
  });

  test("the account has an id that stays, and a label", async () => {
    const drive = await open();
    const account = await drive.provider.account();
    expect(account).toMatchObject({ id: expect.stringMatching(/.+/), label: expect.stringMatching(/.+/) });
    expect((await drive.provider.account()).id).toBe(account.id);
  });

  test.skipIf(exceptions.subscriptions !== undefined)("a subscription is made, renewed, removed, and removed again", async () => {
    const drive = await open();
    const { webhook } = drive.provider;
    if (!webhook) throw new Error("The provider has webhooks.");
    const hour = Math.floor(Date.now() / 1000) * 1000 + 3_600_000;
    const request = {
      feedId: await feedOf(drive.provider),
      notificationUrl: "https://tidemark.example/webhooks/x",
      clientState: "proof",
      expiresAt: hour,
    };
    const made = await webhook.subscribe(request);
    expect(made.expiresAt).toBe(hour);
    // Where there is no renewal, another one takes its place while it is still there.
    const later = { ...request, expiresAt: hour + 60_000 };
    const renewed = webhook.renew ? await webhook.renew(made.id, later.expiresAt) : await webhook.subscribe(later);
    expect(renewed.expiresAt).toBe(later.expiresAt);
    expect(renewed.id === made.id).toBe(webhook.renew !== undefined);
    for (const { id } of [made, made, renewed]) await webhook.unsubscribe(id);
    if (webhook.renew) await expect(webhook.renew(made.id, hour)).rejects.toMatchObject({ kind: "not_found" });
  });
}

export async function feedOf(provider: Provider): Promise<string> {
  const [feed] = await provider.feeds();
  if (!feed) throw new Error("The account has a feed.");
  return feed.id;
}

/**
 * Reads a round to its end and applies it as the core does: by id, the last occurrence wins; removals, and what a folder no longer
 * holds, at the end and with all below.
 */
export async function applyRound(provider: Provider, feedId: string, cursor: string | null, known: Map<string, Entry>): Promise<string> {
  const removed = new Set<string>();
  for (let pages = 0; pages < 1_000; pages++) {
    const page = await provider.changes(feedId, cursor, knownOf(known, removed));
    for (const change of page.changes) {
      if (change.type === "upsert") known.set(change.entry.id, { ...known.get(change.entry.id), ...change.entry });
      if (change.type === "upsert") removed.delete(change.entry.id);
      if (change.type === "removal") removed.add(change.id);
    }
    for (const change of page.changes) {
      if (change.type !== "children") continue;
      for (const [id, { parentId }] of known) if (parentId === change.folderId && !change.ids.includes(id)) removed.add(id);
    }
    cursor = page.cursor;
    if (!page.more) {
      for (const id of removed) known.delete(id);
      for (let before = -1; before !== known.size;) {
        before = known.size;
        for (const [id, { root, parentId }] of known) if (!root && !known.has(parentId ?? "")) known.delete(id);
      }
      return cursor;
    }
  }
  throw new Error("The round does not end.");
}

/** Lists a source from its beginning over what is known, as the core does: what is not listed, and not found by itself either, is gone. */
async function reconcile(provider: Provider, feedId: string, known: Map<string, Entry>): Promise<string> {
  const listed = new Map<string, Entry>();
  const cursor = await applyRound(provider, feedId, await applyRound(provider, feedId, null, listed), listed);
  const missing = [...known.keys()].filter((id) => !listed.has(id));
  for (const [id, entry] of listed) known.set(id, { ...known.get(id), ...entry });
  for (let start = 0; start < missing.length; start += provider.facts.lookupMax) {
    for (const found of await provider.lookup(feedId, missing.slice(start, start + provider.facts.lookupMax))) {
      if (found.status === "gone") known.delete(found.id);
      if (found.status === "found") known.set(found.id, found.entry);
    }
  }
  return cursor;
}

/** What the core would answer of its catalogue. */
function knownOf(known: ReadonlyMap<string, Entry>, removed: ReadonlySet<string>): KnownItems {
  const pathOf = (entry: Entry, rootId: string): string | undefined => {
    if (removed.has(entry.id)) return undefined;
    if (entry.parentId === rootId) return `/${entry.name}`.toLowerCase();
    const parent = known.get(entry.parentId ?? "");
    const path = parent && pathOf(parent, rootId);
    return path === undefined ? undefined : `${path}/${entry.name}`.toLowerCase();
  };
  return {
    treeTags: async (folderIds) =>
      new Map(folderIds.flatMap((id) => (known.get(id)?.treeTag === undefined ? [] : [[id, known.get(id)?.treeTag ?? ""]]))),
    itemsAtPaths: async (rootId, paths) => {
      const items = new Map<string, KnownItem[]>();
      for (const entry of known.values()) {
        const path = pathOf(entry, rootId);
        if (path !== undefined && paths.includes(path))
          items.set(path, [...(items.get(path) ?? []), { id: entry.id, kind: entry.kind ?? "file" }]);
      }
      return items;
    },
  };
}

/** Path and id of each known file. */
export function pathsOf(known: ReadonlyMap<string, Entry>): string[] {
  const path = (entry: Entry): string => {
    const parent = known.get(entry.parentId ?? "");
    return parent && !parent.root ? `${path(parent)}/${entry.name}` : `/${entry.name}`;
  };
  return [...known.values()]
    .filter(({ kind }) => kind === "file")
    .map((entry) => `${path(entry)} ${entry.id}`)
    .sort();
}

async function mirror(drive: Fixture): Promise<string[]> {
  const known = new Map<string, Entry>();
  await applyRound(drive.provider, await feedOf(drive.provider), null, known);
  return pathsOf(known);
}

async function expected(drive: Fixture): Promise<string[]> {
  return (await drive.files()).map(({ id, path }) => `${path} ${id}`).sort();
}

async function entryAt(drive: Fixture, name: string): Promise<Entry> {
  const known = new Map<string, Entry>();
  await applyRound(drive.provider, await feedOf(drive.provider), null, known);
  const entry = [...known.values()].find((each) => each.name === nameAt(drive, name));
  if (!entry) throw new Error(`${name} is there.`);
  return entry;
}

function nameAt(drive: Fixture, name: string): string {
  return drive.nameOf?.(`/${name}`) ?? name;
}

async function refTo(drive: Fixture, entry: Entry): Promise<ContentRef> {
  if (!entry.download) throw new Error("The entry has an address.");
  return { id: entry.id, feedId: await feedOf(drive.provider), download: entry.download };
}
