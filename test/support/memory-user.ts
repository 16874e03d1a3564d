import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { accounts } from "../../worker/db/client.ts";
import { users } from "../../worker/db/schema.ts";
import { unwrap } from "../../worker/errors.ts";
import { randomId } from "../../worker/ids.ts";
import { createMemoryDrive, memoryProvider } from "../../worker/providers/memory.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import { providers } from "../../worker/providers/registry.ts";
import type { ConnectRequest } from "../../durable-objects/rpc.ts";
import type { UserSync } from "../../durable-objects/user-sync.ts";

/** A user with one sync, whatever its source. */
export interface Synced {
  userId: string;
  /** A new one each time: a stub is broken once its object was killed. */
  readonly stub: DurableObjectStub<UserSync>;
  connectionId: string;
  syncId: string;
}

export interface MemoryUser extends Synced {
  drive: MemoryDrive;
}

/** A user whose one connection is a drive in memory. `fill` runs before anything is listed. */
export async function createMemoryUser(fill: (drive: MemoryDrive) => void = () => undefined): Promise<MemoryUser> {
  const userId = randomId();
  const drive = createMemoryDrive(`drive-${userId}`);
  fill(drive);
  const provider = `memory-${userId}`;
  providers.set(provider, { ...memoryProvider(drive), id: provider });
  const user = await createUser(userId, {
    provider,
    account: { id: `account-${userId}`, label: "Memory", email: "memory@example.com" },
    scopes: [],
    tokens: { accessToken: "token", refreshToken: "refresh", expiresAt: Date.now() + 365 * 86_400_000 },
    homeShard: 0,
  });
  return Object.defineProperties({ drive } as MemoryUser, Object.getOwnPropertyDescriptors(user));
}

/** A user with one connection, and one sync of everything. */
export async function createUser(userId: string, request: ConnectRequest): Promise<Synced> {
  await accounts(env).insert(users).values({ id: userId, name: "Test", email: null, createdAt: Date.now(), signedInAt: Date.now() });
  const connection = unwrap(await env.USER_SYNC.getByName(userId).addConnection(request));
  const { id: syncId } = (await env.DB.prepare("SELECT id FROM syncs WHERE user_id = ?").bind(userId).first<{ id: string }>()) ?? {
    id: "",
  };
  return {
    userId,
    get stub() {
      return env.USER_SYNC.getByName(userId);
    },
    connectionId: connection.id,
    syncId,
  };
}

/** Lets alarms and consumers work until no run of the sync is active. */
export async function settled(user: Synced, timeoutMilliseconds = 20_000): Promise<void> {
  const until = performance.now() + timeoutMilliseconds;
  while (performance.now() < until) {
    const status = unwrap(await user.stub.status(user.syncId));
    if (status.activeRun === null && status.backlog.files === 0 && status.checkedAt !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const alarm = await runInDurableObject(user.stub, (_object, { storage }) => storage.getAlarm());
  const status = JSON.stringify(unwrap(await user.stub.status(user.syncId)));
  throw new Error(`The sync is not settled at ${new Date().toISOString()}, its alarm is set for ${alarm}: ${status}`);
}

/** What the mirror has in these states: path, bytes' SHA-256, as read back from R2. */
export async function mirrorOf(user: Synced, states: readonly string[] = ["stored"]): Promise<{ path: string; sha256: string }[]> {
  const { results } = await env.DB.prepare(
    "SELECT remote_id, parent_id, kind, name, state, stored_id, stored_sha256 FROM items WHERE sync_id = ?",
  )
    .bind(user.syncId)
    .all<{
      remote_id: string;
      parent_id: string | null;
      kind: number;
      name: string;
      state: string;
      stored_id: string;
      stored_sha256: string;
    }>();
  const byId = new Map(results.map((row) => [row.remote_id, row]));
  const pathOf = (id: string): string => {
    const row = byId.get(id);
    return !row || row.parent_id === null ? "" : `${pathOf(row.parent_id)}/${row.name}`;
  };
  const files = results.filter((row) => row.kind === 1 && states.includes(row.state));
  const mirror = await Promise.all(
    files.map(async (row) => {
      const object = await env.CONTENT.get(`content/${user.userId}/${user.syncId}/${row.stored_id}`);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", object ? await object.arrayBuffer() : new ArrayBuffer()));
      const sha256 = object ? [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") : "missing from the bucket";
      return {
        path: pathOf(row.remote_id),
        sha256: sha256 === row.stored_sha256 ? sha256 : `catalogue says ${row.stored_sha256}, bucket ${sha256}`,
      };
    }),
  );
  return mirror.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

/** What the source has, in the mirror's form. */
export function sourceOf(user: MemoryUser): { path: string; sha256: string }[] {
  return user.drive
    .files()
    .map(({ path, sha256 }) => ({ path, sha256 }))
    .toSorted((one, other) => (one.path < other.path ? -1 : 1));
}
