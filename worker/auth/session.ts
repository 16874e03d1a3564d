import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { AppContext, AppEnv } from "../context.ts";
import { accounts } from "../db/client.ts";
import type { SessionUser } from "../db/sessions.ts";
import { deleteSession, deleteSessions, findSession, insertSession, sessionId, updateSession } from "../db/sessions.ts";
import { randomSecret } from "../ids.ts";
import { cookieSettings } from "./cookies.ts";

// A session is 256 random bits in the browser and their SHA-256 here: who reads the database cannot sign in with it.

const NAME = "tidemark";
const LIFETIME_SECONDS = 30 * 24 * 3600;
/** A session that is used is extended, but written at most this often. */
const EXTEND_EVERY_SECONDS = 24 * 3600;
/** So is its last use. */
const USE_NOTED_EVERY_MILLISECONDS = 3_600_000;
const USER_AGENT_CHARACTERS_MAX = 300;

/** A browser that is signed in. */
export interface SignedIn {
  user: SessionUser;
  /** What its session is called. */
  sessionId: string;
}

/** Begins a session for this user in this browser; the one it had before ends. What the new one is called. */
export async function startSession<E extends AppEnv>(c: AppContext<E>, userId: string, now: number): Promise<string> {
  const db = accounts(c.env);
  const previous = readCookie(c);
  if (previous !== undefined) await deleteSession(db, hashOf(previous));
  const secret = randomSecret();
  const hash = hashOf(secret);
  await insertSession(db, {
    hash,
    userId,
    userAgent: c.req.header("user-agent")?.slice(0, USER_AGENT_CHARACTERS_MAX) ?? null,
    createdAt: now,
    expiresAt: now + LIFETIME_SECONDS * 1000,
    lastUsedAt: null,
  });
  writeCookie(c, secret);
  return sessionId({ hash });
}

/** Who is signed in here; null for nobody. Using a session keeps it alive. */
export async function signedIn<E extends AppEnv>(c: AppContext<E>, now: number): Promise<SignedIn | null> {
  const secret = readCookie(c);
  if (secret === undefined) return null;
  const db = accounts(c.env);
  const hash = hashOf(secret);
  const session = await findSession(db, hash, now);
  if (!session) return null;
  const expiresAt = now + LIFETIME_SECONDS * 1000;
  const extend = expiresAt - session.expiresAt >= EXTEND_EVERY_SECONDS * 1000;
  const note = now - (session.lastUsedAt ?? 0) >= USE_NOTED_EVERY_MILLISECONDS;
  if (extend || note) await updateSession(db, hash, { ...(extend && { expiresAt }), ...(note && { lastUsedAt: now }) });
  if (extend) writeCookie(c, secret);
  return { user: session.user, sessionId: sessionId({ hash }) };
}

/** Ends this browser's session, or all that its user has. Whose it was, and which; null where there was none to end. */
export async function endSession<E extends AppEnv>(
  c: AppContext<E>,
  now: number,
  options: { everywhere: boolean },
): Promise<{ userId: string; sessionId: string } | null> {
  const secret = readCookie(c);
  if (secret === undefined) return null;
  const db = accounts(c.env);
  const hash = hashOf(secret);
  const session = await findSession(db, hash, now);
  if (session && options.everywhere) await deleteSessions(db, session.user.id);
  else await deleteSession(db, hash);
  forgetSession(c);
  return session ? { userId: session.user.id, sessionId: sessionId({ hash }) } : null;
}

/** Has the browser forget its session, which is over already. */
export function forgetSession<E extends AppEnv>(c: AppContext<E>): void {
  const { name, options } = cookieSettings(c.env, NAME);
  deleteCookie(c, name, options);
}

/** What is kept of this browser's session; undefined where it has none. */
export function sessionHash<E extends AppEnv>(c: AppContext<E>): string | undefined {
  const secret = readCookie(c);
  return secret === undefined ? undefined : hashOf(secret);
}

function readCookie<E extends AppEnv>(c: AppContext<E>): string | undefined {
  return getCookie(c, cookieSettings(c.env, NAME).name);
}

function writeCookie<E extends AppEnv>(c: AppContext<E>, secret: string): void {
  const { name, options } = cookieSettings(c.env, NAME);
  setCookie(c, name, secret, { ...options, maxAge: LIFETIME_SECONDS });
}

function hashOf(secret: string): string {
  return encodeHexLowerCase(sha256(new TextEncoder().encode(secret)));
}
