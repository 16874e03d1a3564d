import { env } from "cloudflare:workers";
import { accounts } from "../../worker/db/client.ts";
import { users } from "../../worker/db/schema.ts";
import { unwrap } from "../../worker/errors.ts";
import { randomId } from "../../worker/ids.ts";
import { SandboxDropbox } from "../providers/sandbox-dropbox.ts";
import type { Synced } from "./memory-user.ts";

export interface DropboxUser extends Synced {
  drive: SandboxDropbox;
}

/** A user whose one connection is an account of the sandbox's Dropbox. `fill` runs before anything is listed. */
export async function createDropboxUser(fill: (drive: SandboxDropbox) => Promise<unknown>): Promise<DropboxUser> {
  const drive = await SandboxDropbox.open("dropbox.example", "sync");
  await fill(drive);
  const userId = randomId();
  await accounts(env).insert(users).values({ id: userId, name: "Test", email: null, createdAt: Date.now(), signedInAt: Date.now() });
  const { id, label } = await drive.provider.account();
  const { access_token: accessToken, refresh_token: refreshToken } = drive.tokens;
  const connection = unwrap(
    await env.USER_SYNC.getByName(userId).addConnection({
      provider: "dropbox",
      account: { id, label, email: drive.account },
      scopes: [],
      tokens: { accessToken, refreshToken, expiresAt: Date.now() + 4 * 3_600_000 },
      homeShard: 0,
    }),
  );
  const sync = await env.DB.prepare("SELECT id FROM syncs WHERE user_id = ?").bind(userId).first<{ id: string }>();
  return {
    userId,
    drive,
    connectionId: connection.id,
    syncId: sync?.id ?? "",
    get stub() {
      return env.USER_SYNC.getByName(userId);
    },
  };
}

/** What the source has, in the mirror's form. */
export async function sourceOf({ drive }: DropboxUser): Promise<{ path: string; sha256: string }[]> {
  return (await drive.tree()).map(({ path, sha256 }) => ({ path, sha256 }));
}
