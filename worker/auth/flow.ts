import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from "jose";
import { z } from "zod";
import type { AppContext, AppEnv } from "../context.ts";
import { deriveKey, findMasterKey, masterKeys } from "../keyring.ts";
import { cookieSettings } from "./cookies.ts";

// What one sign-in in progress must remember, kept by the browser that began it: an encrypted cookie, one a flow. A
// callback that comes to another browser, or a second time, finds none.

const FLOW_SECONDS = 600;
const NAME_HEX_CHARACTERS = 16;

const purpose = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("sign-in") }),
  z.object({ kind: z.literal("link"), userId: z.string() }),
  z.object({ kind: z.literal("reconnect"), userId: z.string(), connectionId: z.string() }),
]);
export type FlowPurpose = z.infer<typeof purpose>;

const flow = z.object({
  authority: z.string(),
  /** What is connected, "none" for nothing, and by which of its methods. */
  provider: z.string(),
  method: z.string().optional(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  purpose,
  expiresAt: z.number(),
});
export type Flow = z.infer<typeof flow>;

/** Has the browser keep this flow for ten minutes. */
export async function rememberFlow<E extends AppEnv>(c: AppContext<E>, begun: Omit<Flow, "expiresAt">, now: number): Promise<void> {
  const [key] = masterKeys(c.env);
  const payload: Flow = { ...begun, expiresAt: now + FLOW_SECONDS * 1000 };
  const sealed = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: key.id })
    .encrypt(await deriveKey(key, "flow-cookie"));
  const { name, options } = cookieSettings(c.env, cookieName(begun.state));
  setCookie(c, name, sealed, { ...options, maxAge: FLOW_SECONDS });
}

/** The flow of this state, which is over with that; null where this browser has none, or one that took too long. */
export async function takeFlow<E extends AppEnv>(c: AppContext<E>, state: string, now: number): Promise<Flow | null> {
  const { name, options } = cookieSettings(c.env, cookieName(state));
  const sealed = getCookie(c, name);
  if (sealed === undefined) return null;
  deleteCookie(c, name, options);
  const found = await open(c.env, sealed);
  return found && found.state === state && found.expiresAt > now ? found : null;
}

async function open(env: Env, sealed: string): Promise<Flow | null> {
  try {
    const key = findMasterKey(env, String(decodeProtectedHeader(sealed).kid));
    if (!key) return null;
    const { plaintext } = await compactDecrypt(sealed, await deriveKey(key, "flow-cookie"), {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    return flow.parse(JSON.parse(new TextDecoder().decode(plaintext)));
  } catch {
    // Not a cookie of ours, or no longer: the same as none.
    return null;
  }
}

function cookieName(state: string): string {
  return `flow-${encodeHexLowerCase(sha256(new TextEncoder().encode(state))).slice(0, NAME_HEX_CHARACTERS)}`;
}
