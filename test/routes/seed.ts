import { applyD1Migrations, type D1Migration, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { drizzle } from "drizzle-orm/d1";
import { connections, identities, items, runEvents, runs, sessions, syncs, tokens, users, versions } from "../../worker/db/schema.ts";
import { randomId, randomSecret, timeId } from "../../worker/ids.ts";

// Rows to begin a test with. Each function takes what the test is about; the rest is plausible.

const db = drizzle(env.DB);
const NOW = Date.parse("2026-01-01T12:00:00Z");
const HOUR_MILLISECONDS = 3_600_000;

type Row<T extends { $inferInsert: object }> = Partial<T["$inferInsert"]>;

/** The tables, after `reset()` took them away. */
export async function applyMigrations(): Promise<void> {
  await applyD1Migrations(env.DB, (env as Env & { MIGRATIONS: D1Migration[] }).MIGRATIONS);
}

export async function seedUser(row: Row<typeof users> = {}): Promise<string> {
  const id = row.id ?? randomId();
  await db.insert(users).values({ name: "Alice", email: "alice@contoso.example", createdAt: NOW, signedInAt: NOW, ...row, id });
  return id;
}

export async function seedIdentity(userId: string, identity: { issuer: string; subject: string }): Promise<void> {
  await db
    .insert(identities)
    .values({ ...identity, userId, createdAt: NOW })
    .onConflictDoUpdate({ target: [identities.issuer, identities.subject], set: { userId } });
}

/** A session of this user; the cookie that proves it. */
export async function seedSession(userId: string, options: { expiresAt?: number } = {}): Promise<string> {
  const secret = randomSecret();
  const hash = encodeHexLowerCase(sha256(new TextEncoder().encode(secret)));
  const expiresAt = options.expiresAt ?? Date.now() + 30 * 24 * HOUR_MILLISECONDS;
  await db.insert(sessions).values({ hash, userId, userAgent: null, createdAt: NOW, expiresAt });
  return `__Host-tidemark=${secret}`;
}

/** A token that nobody has. */
export async function seedToken(row: Row<typeof tokens> & { userId: string }): Promise<string> {
  const id = row.id ?? timeId(Date.now());
  await db.insert(tokens).values({ hash: "00", name: "script", scopes: ["read"], createdAt: NOW, ...row, id });
  return id;
}

export async function seedConnection(userId: string, row: Row<typeof connections> = {}): Promise<string> {
  const id = row.id ?? randomId();
  await db.insert(connections).values({
    provider: "onedrive",
    accountId: randomId(),
    accountEmail: "alice@contoso.example",
    label: "Alice",
    authType: "oauth2",
    status: "active",
    scopes: ["Files.Read", "User.Read"],
    createdAt: NOW,
    ...row,
    id,
    userId,
  });
  return id;
}

type SyncSeed = Row<typeof syncs> & { userId: string };

export async function seedSync(row: SyncSeed): Promise<string> {
  const id = row.id ?? randomId();
  await insertSync({ ...row, id });
  return id;
}

/** Many at once: one call to the database. */
export async function seedSyncs(rows: SyncSeed[]): Promise<void> {
  const [first, ...rest] = rows.map((row) => insertSync({ id: randomId(), ...row }));
  if (first) await db.batch([first, ...rest]);
}

function insertSync(row: SyncSeed & { id: string }) {
  const plain = {
    name: "Everything",
    mode: "content",
    schedule: { kind: "manual" },
    labels: {},
    status: "active",
    createdAt: NOW,
  } as const;
  return db.insert(syncs).values({ ...plain, connectionId: randomId(), ...row });
}

export async function seedRun(row: Row<typeof runs> & { userId: string; syncId: string }): Promise<string> {
  const id = row.id ?? timeId(Date.now());
  await db.insert(runs).values({
    type: "full",
    status: "completed",
    trigger: "manual",
    phase: "finishing",
    createdAt: NOW,
    startedAt: NOW,
    finishedAt: NOW + HOUR_MILLISECONDS,
    ...row,
    id,
  });
  return id;
}

export async function seedRunEvent(row: Row<typeof runEvents> & { runId: string; number: number }): Promise<void> {
  await db.insert(runEvents).values({ at: NOW, level: "info", message: `line ${row.number}`, ...row });
}

type ItemSeed = Row<typeof items> & { syncId: string; remoteId: string };

export async function seedItem(row: ItemSeed): Promise<void> {
  await insertItem(row);
}

/** Many at once: one call to the database. */
export async function seedItems(rows: ItemSeed[]): Promise<void> {
  const [first, ...rest] = rows.map(insertItem);
  if (first) await db.batch([first, ...rest]);
}

function insertItem(row: ItemSeed) {
  return db.insert(items).values({ parentId: "root", kind: 1, name: row.remoteId, seenAt: NOW, state: "pending", ...row });
}

export async function seedFolder(row: ItemSeed): Promise<void> {
  await seedItem({ kind: 0, state: "stored", ...row });
}

/** The feed's root folder. */
export async function seedRoot(syncId: string): Promise<void> {
  await seedFolder({ syncId, remoteId: "root", name: "root", parentId: null });
}

/** A stored file, its content in the bucket. */
export async function seedStoredFile(userId: string, row: ItemSeed & { content: string }): Promise<{ sha256: string }> {
  const { content, ...rest } = row;
  const bytes = new TextEncoder().encode(content);
  const storedId = randomId();
  const digest = encodeHexLowerCase(sha256(bytes));
  await env.CONTENT.put(`content/${userId}/${row.syncId}/${storedId}`, bytes);
  const stored = { storedId, storedNumber: 1, storedSize: bytes.byteLength, storedSha256: digest, storedAt: NOW };
  await seedItem({ state: "stored", size: bytes.byteLength, ...stored, ...rest });
  return { sha256: digest };
}

export async function seedVersion(
  row: Row<typeof versions> & { syncId: string; remoteId: string; storedId: string; sha256: string; size: number },
): Promise<void> {
  await db.insert(versions).values({ number: 1, storedAt: NOW, endedAt: NOW, endedBy: "removed", ...row });
}

/** A webhook, in its user's object, with a secret that opens nowhere. */
export async function seedWebhook({ userId, id }: { userId: string; id: string }): Promise<void> {
  await runInDurableObject(env.USER_SYNC.getByName(userId), (_instance, { storage }) => {
    storage.sql.exec(
      "INSERT INTO endpoints (id, url, description, events, sealed, created_at) VALUES (?, 'https://hooks.test/', '', '[\"run.held\"]', 'none', ?)",
      id,
      NOW,
    );
  });
}
