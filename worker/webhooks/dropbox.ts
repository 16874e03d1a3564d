import { decodeHex } from "@oslojs/encoding";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import type { AppContext, AppEnv } from "../context.ts";
import { AppError } from "../errors.ts";
import { wakeAccounts } from "./accounts.ts";

// Dropbox's notifications to the app: which accounts have changed, signed with the app's secret. They are no more than a bell.

const BODY_BYTES_MAX = 256 * 1024;
const ACCOUNTS_MAX = 5_000;
const ACCOUNT_CHARACTERS_MAX = 100;
const CHALLENGE_CHARACTERS_MAX = 1_000;
const SIGNATURE = /^[0-9a-f]{64}$/;

const notification = z.object({
  list_folder: z.object({ accounts: z.array(z.string().max(ACCOUNT_CHARACTERS_MAX)).max(ACCOUNTS_MAX) }),
});

export const dropboxWebhook = new Hono<AppEnv>()
  /** The handshake of the App Console: the challenge comes back as it is, as text that no browser takes for a page. */
  .get("/", (c) => {
    const challenge = c.req.query("challenge") ?? "";
    if (challenge === "" || challenge.length > CHALLENGE_CHARACTERS_MAX) {
      throw new AppError("request.invalid", "This address takes Dropbox's notifications, and answers its challenge.");
    }
    c.header("x-content-type-options", "nosniff");
    c.header("content-security-policy", "default-src 'none'; sandbox");
    return c.text(challenge);
  })

  .post("/", bodyLimit({ maxSize: BODY_BYTES_MAX, onError: tooLarge }), async (c) => {
    const body = await c.req.arrayBuffer();
    if (!(await isSigned(c, body))) {
      c.var.log.warn("webhook.refused", { provider: "dropbox" });
      throw new AppError("webhook.unsigned", "The delivery is not signed by Dropbox.");
    }
    const parsed = notification.safeParse(parse(body));
    const accounts = parsed.success ? [...new Set(parsed.data.list_folder.accounts)] : [];
    const connections = accounts.length === 0 ? 0 : await wakeAccounts(c, "dropbox", accounts);
    c.var.log.debug("webhook.received", { provider: "dropbox", accounts: accounts.length, connections });
    return c.body(null, 200);
  });

/** By HMAC-SHA256 over the very bytes, with the app's secret. Takes the same time however much of it is right. */
async function isSigned(c: AppContext, body: ArrayBuffer): Promise<boolean> {
  const { DROPBOX_CLIENT_SECRET: secret } = c.env as Env & { DROPBOX_CLIENT_SECRET?: string };
  const signature = c.req.header("x-dropbox-signature") ?? "";
  if (!secret || !SIGNATURE.test(signature)) return false;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, ["verify"]);
  return crypto.subtle.verify("HMAC", key, decodeHex(signature), body);
}

function parse(body: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as unknown;
  } catch {
    return undefined;
  }
}

function tooLarge(): never {
  throw new AppError("request.body_too_large", `A delivery has at most ${BODY_BYTES_MAX} bytes.`);
}
