import fc from "fast-check";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { randomId } from "../../worker/ids.ts";
import { GoogleAccount, signIn } from "../providers/google-account.ts";
import { SandboxCloud } from "../providers/sandbox-cloud.ts";
import { SandboxDrive } from "../providers/sandbox-drive.ts";
import { createAutodeskUser } from "../support/autodesk-user.ts";
import { createDropboxUser } from "../support/dropbox-user.ts";
import { workOff } from "../support/kill.ts";
import { createUser, mirrorOf, type Synced } from "../support/memory-user.ts";

// Each source of files in bad weather: whatever is done to it, and however it answers, nothing is lost on the way, and in the end the
// mirror is the source.

const RUNS = 1;
const YEAR_MILLISECONDS = 365 * 86_400_000;

/** A source, with a person's hands on it. */
interface Place {
  user: Synced;
  mutate(op: Op): Promise<unknown>;
  fault(fault: { name: string; rate: number; seed: number; times?: number }): Promise<void>;
  mend(): Promise<void>;
  tree(): Promise<{ path: string; sha256: string }[]>;
  /** Makes what was just done look older, where times are too coarse to tell it from before. */
  age?(): Promise<unknown>;
}

interface Climate {
  name: string;
  open(fill: (place: Pick<Place, "mutate">) => Promise<unknown>): Promise<Place>;
  /** Where files may be. */
  top?: string;
  faults: readonly string[];
  /** Of these so few strike in a round that no file is given up for an hour. */
  passing: readonly string[];
}

type Op =
  | { op: "create" | "update"; path: string; bytes: string }
  | { op: "rename"; path: string; name: string }
  | { op: "move"; path: string; to: string }
  | { op: "delete"; path: string };

const CLIMATES: readonly Climate[] = [
  {
    name: "OneDrive",
    open: async (fill) => {
      const drive = await SandboxDrive.open("contoso.example", "weather");
      await fill({ mutate: (op) => drive.mutate(op) });
      const tokens = { accessToken: await drive.context.accessToken(), refreshToken: drive.refreshToken, expiresAt: inAYear() };
      const { id, label } = await drive.provider.account();
      const account = { id, label, email: drive.account };
      const user = await createUser(randomId(), { provider: "onedrive", account, scopes: [], tokens, homeShard: 0 });
      return place(user, drive, { mutate: (op) => drive.mutate(op) });
    },
    faults: ["duplicate-items", "create-before-delete", "empty-page", "folder-tombstone-only", "resync-required", "missing-hash"],
    passing: ["download-expired", "download-html", "bad-gateway", "throttled"],
  },
  {
    name: "SharePoint",
    open: async (fill) => {
      const drive = await SandboxDrive.openLibrary();
      await fill({ mutate: (op) => drive.mutate(op) });
      return place(await libraryUser(drive), drive, { mutate: (op) => drive.mutate(op) });
    },
    faults: ["duplicate-items", "create-before-delete", "empty-page", "folder-tombstone-only"],
    passing: ["download-expired", "server-busy"],
  },
  {
    name: "Google Drive",
    open: async (fill) => {
      const google = await GoogleAccount.open();
      await fill({ mutate: (op) => google.mutate(op) });
      const { access_token: accessToken, refresh_token: refreshToken } = await signIn(google.name);
      const { id, label } = await google.provider().account();
      const account = { id, label, email: google.name };
      const tokens = { accessToken, refreshToken, expiresAt: inAYear() };
      const user = await createUser(randomId(), { provider: "google-drive", account, scopes: [], tokens, homeShard: 0 });
      return place(user, google, { mutate: (op) => google.mutate(op), fault: ({ name, ...more }) => google.fault(name, more) });
    },
    faults: ["google-empty-page", "google-descendants-told", "google-old-checksums", "google-incomplete-search"],
    passing: ["google-backend-error", "google-too-many-requests", "google-bad-gateway"],
  },
  {
    name: "Dropbox",
    open: async (fill) => {
      const user = await createDropboxUser((drive) => fill({ mutate: (op) => drive.mutate(op) }));
      return place(user, user.drive, { mutate: (op) => user.drive.mutate(op) });
    },
    faults: ["dropbox-add-before-delete", "dropbox-delete-each", "dropbox-duplicates", "dropbox-children-first", "dropbox-empty-page"],
    passing: ["dropbox-server-error", "dropbox-throttled", "dropbox-reset"],
  },
  {
    name: "Nextcloud",
    open: async (fill) => {
      const cloud = await SandboxCloud.open("nextcloud.example", "weather");
      await fill({ mutate: (op) => cloud.mutate(op) });
      const { id, label } = await cloud.provider.account();
      const request = { provider: "webdav", method: "password", account: { id, label, email: null }, scopes: [], homeShard: 0 };
      const user = await createUser(randomId(), { ...request, fields: cloud.fields });
      return place(user, cloud, { mutate: (op) => cloud.mutate(op) });
    },
    faults: ["nextcloud-empty-multistatus", "nextcloud-cut-multistatus", "nextcloud-refused-child", "nextcloud-forbidden"],
    passing: ["nextcloud-server-error", "nextcloud-locked", "nextcloud-maintenance"],
  },
  {
    name: "Autodesk",
    open: async (fill) => {
      const user = await createAutodeskUser((drive) => fill({ mutate: (op) => drive.mutate(op) }));
      return place(user, user.drive, { mutate: (op) => user.drive.mutate(op), age: () => user.drive.age() });
    },
    top: "/Project Files",
    faults: [
      "autodesk-contents-partial",
      "autodesk-short-pages",
      "autodesk-forbidden",
      "autodesk-malformed",
      "autodesk-processing",
      "autodesk-rollup-stale",
      "autodesk-chunked",
    ],
    passing: ["autodesk-server-error", "autodesk-url-expired", "autodesk-object-gone"],
  },
];

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

describe.each(CLIMATES)("$name", ({ open, top = "", faults, passing }) => {
  it("ends equal to its source", { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepIn(top, [...faults, ...passing]), { minLength: 3, maxLength: 3 }), fc.nat(), async (steps, seed) => {
        const place = await open(async ({ mutate }) => {
          for (const at of ["/a/1.txt", "/a/b/2.txt", "/c/3.txt"]) await mutate({ op: "create", path: `${top}${at}`, bytes: at });
        });
        await workOff(place.user);
        const copied = new Set((await mirrorOf(place.user)).map(({ sha256 }) => sha256));
        for (const { ops, weather, full, aged } of steps) {
          // What is impossible is not done.
          for (const op of ops) await place.mutate(op).catch(() => undefined);
          if (aged) await place.age?.();
          for (const name of weather) await place.fault({ name, rate: 0.4, seed, ...(passing.includes(name) && { times: 3 }) });
          await runOnce(place.user, full);
          await expectNothingLost(place, copied);
          await place.mend();
        }
        // What was given up is tried again after a day at the latest.
        vi.setSystemTime(Date.now() + 86_400_000);
        await runOnce(place.user, true);
        await runOnce(place.user, false);
        expect(lines(await mirrorOf(place.user))).toEqual(lines(await place.tree()));
      }),
      { numRuns: RUNS },
    );
  });
});

const inAYear = (): number => Date.now() + YEAR_MILLISECONDS;
const lines = (files: readonly { path: string; sha256: string }[]): string[] => files.map(({ path, sha256 }) => `${path} ${sha256}`).sort();

/** What people do in a round, and the weather of it. */
function stepIn(top: string, faults: readonly string[]) {
  const folder = fc.constantFrom("", "/a", "/a/b", "/c");
  const name = fc.constantFrom("1.txt", "2.txt", "3.txt", "x");
  const path = fc.tuple(folder, name).map(([at, leaf]) => `${top}${at}/${leaf}`);
  const folderPath = fc.constantFrom(`${top}/a`, `${top}/a/b`, `${top}/c`);
  const op: fc.Arbitrary<Op> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ op: fc.constant("create" as const), path, bytes: fc.string({ maxLength: 6 }) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant("update" as const), path, bytes: fc.string({ maxLength: 6 }) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("rename" as const), path: fc.oneof(path, folderPath), name }) },
    {
      weight: 2,
      arbitrary: fc.record({ op: fc.constant("move" as const), path: fc.oneof(path, folderPath), to: folder.map((at) => `${top}${at}`) }),
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constant("delete" as const), path: fc.oneof(path, folderPath) }) },
  );
  const weather = fc.uniqueArray(fc.constantFrom(...faults), { maxLength: 3 });
  return fc.record({ ops: fc.array(op, { maxLength: 8 }), weather, full: fc.boolean(), aged: fc.boolean() });
}

interface Sandboxed {
  fault(fault: { name: string; rate: number; seed: number; times?: number }): Promise<void>;
  mend(): Promise<void>;
  tree(): Promise<{ path: string; sha256: string }[]>;
}

function place(
  user: Synced,
  drive: Pick<Sandboxed, "mend" | "tree"> & { fault: unknown },
  own: Pick<Place, "mutate"> & Partial<Place>,
): Place {
  return {
    user,
    fault: (fault) => (drive as Sandboxed).fault(fault),
    mend: () => drive.mend(),
    tree: () => drive.tree(),
    ...own,
  };
}

/** Somebody whose sync follows one library. */
async function libraryUser(drive: SandboxDrive): Promise<Synced> {
  const { id, label } = await drive.provider.account();
  const tokens = { accessToken: await drive.context.accessToken(), refreshToken: drive.refreshToken, expiresAt: inAYear() };
  const account = { id, label, email: drive.account };
  const request = { provider: "sharepoint", method: "sites", account, scopes: [], tokens, homeShard: 0, firstSync: false };
  const { userId, connectionId } = await createUser(randomId(), request);
  const stub = env.USER_SYNC.getByName(userId);
  const [feed] = await drive.provider.feeds();
  const { items: sites } = unwrap(await stub.browse(connectionId, { parent: null, cursor: null }));
  const { items: libraries } = unwrap(await stub.browse(connectionId, { parent: { id: sites[0]?.id ?? "" }, cursor: null }));
  const library = libraries.find(({ feedId }) => feedId === feed?.id);
  const selection = [{ feed: feed?.id ?? "", itemId: library?.id ?? "", mode: "include" as const }];
  const schedule = { kind: "interval" as const, minutes: 60 };
  const sync = { connectionId, mode: "content" as const, schedule, labels: {}, selection, filters: {}, options: {} };
  const { id: syncId } = unwrap(await stub.createSync(sync));
  return {
    userId,
    connectionId,
    syncId,
    get stub() {
      return env.USER_SYNC.getByName(userId);
    },
  };
}

async function runOnce(user: Synced, full: boolean): Promise<void> {
  unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
  await workOff(user);
}

/** A content that is still there, and was copied before, is in the mirror: no answer of the source was taken for its removal. */
async function expectNothingLost({ user, tree }: Place, copied: Set<string>): Promise<void> {
  const mirror = await mirrorOf(user, ["stored", "held", "unreachable", "pending", "failed", "skipped"]);
  const known = new Set(mirror.map(({ sha256 }) => sha256));
  expect((await tree()).filter(({ sha256 }) => copied.has(sha256) && !known.has(sha256))).toEqual([]);
  for (const hash of known) copied.add(hash);
}
