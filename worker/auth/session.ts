import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { AppContext, AppEnv } from "../context.ts";
import { accounts } from "../db/client.ts";
import type { SessionUser } from "../db/sessions.ts";
import { deleteSession, deleteSessions, extendSession, findSession, insertSession } from "../db/sessions.ts";
import { randomSecret } from "../ids.ts";
import { cookieSettings } from "./cookies.ts";

// A session is 256 random bits in the browser and their SHA-256 here: who reads the database cannot sign in with it.

const NAME = "tidemark";
const LIFETIME_SECONDS = 30 * 24 * 3600;
/** A session that is used is extended, but written at most this often. */
const EXTEND_EVERY_SECONDS = 24 * 3600;
const USER_AGENT_CHARACTERS_MAX = 300;

/** Begins a session for this user in this browser; the one it had before ends. */
export async function startSession<E extends AppEnv>(c: AppContext<E>, userId: string, now: number): Promise<void> {
  const db = accounts(c.env);
  const previous = readCookie(c);
  if (previous !== undefined) await deleteSession(db, hashOf(previous));
  const secret = randomSecret();
  await insertSession(db, {
    hash: hashOf(secret),
    userId,
    userAgent: c.req.header("user-agent")?.slice(0, USER_AGENT_CHARACTERS_MAX) ?? null,
    createdAt: now,
    expiresAt: now + LIFETIME_SECONDS * 1000,
  });
  writeCookie(c, secret);
}

/** Who is signed in here; null for nobody. Using a session keeps it alive. */
export async function sessionUser<E extends AppEnv>(c: AppContext<E>, now: number): Promise<SessionUser | null> {
  const secret = readCookie(c);
  if (secret === undefined) return null;
  const db = accounts(c.env);
  const session = await findSession(db, hashOf(secret), now);
  if (!session) return null;
  const expiresAt = now + LIFETIME_SECONDS * 1000;
  if (expiresAt - session.expiresAt >= EXTEND_EVERY_SECONDS * 1000) {
    await extendSession(db, hashOf(secret), expiresAt);
    writeCookie(c, secret);
  }
  return session.user;
}

/** Ends this browser's session, or all that its user has. Without one there is nothing to end. */
export async function endSession<E extends AppEnv>(c: AppContext<E>, now: number, options: { everywhere: boolean }): Promise<void> {
  const secret = readCookie(c);
  if (secret === undefined) return;
  const db = accounts(c.env);
  const session = options.everywhere ? await findSession(db, hashOf(secret), now) : undefined;
  if (session) await deleteSessions(db, session.user.id);
  else await deleteSession(db, hashOf(secret));
  const { name, options: cookie } = cookieSettings(c.env, NAME);
  deleteCookie(c, name, cookie);
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
