import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accounts } from "../../worker/db/client.ts";
import { users } from "../../worker/db/schema.ts";
import { unwrap } from "../../worker/errors.ts";
import { randomId } from "../../worker/ids.ts";
import { SandboxDrive } from "../providers/sandbox-drive.ts";

// Access tokens that Microsoft, as the sandbox plays it, refuses though it has just given them out.

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

async function connected() {
  const drive = await SandboxDrive.open("contoso.example", "refused");
  await drive.mutate({ op: "create", path: "/first.txt", bytes: 10 });
  const userId = randomId();
  await accounts(env).insert(users).values({ id: userId, name: "Test", email: null, createdAt: Date.now(), signedInAt: Date.now() });
  const stub = env.USER_SYNC.getByName(userId);
  const { id } = await drive.provider.account();
  const tokens = { accessToken: await drive.context.accessToken(), refreshToken: drive.refreshToken, expiresAt: Date.now() + 3_600_000 };
  const account = { id, label: "Sandbox", email: drive.account };
  unwrap(await stub.addConnection({ provider: "onedrive", account, scopes: [], tokens, homeShard: 0 }));
  const syncId = (await env.DB.prepare("SELECT id FROM syncs WHERE user_id = ?").bind(userId).first<string>("id")) ?? "";
  const connection = () => env.DB.prepare("SELECT status FROM connections WHERE user_id = ?").bind(userId).first<string>("status");
  const stored = () => env.DB.prepare("SELECT count(*) AS n FROM items WHERE sync_id = ? AND kind = 1 AND state = 'stored'").bind(syncId).first("n"); // prettier-ignore
  const settled = async (): Promise<void> => {
    for (let round = 0; round < 200; round += 1) {
      await stub.wake({ reason: "watchdog" });
      await runDurableObjectAlarm(stub);
      const { activeRun, backlog, checkedAt } = unwrap(await stub.status(syncId));
      if (activeRun === null && backlog.files === 0 && checkedAt !== null) return;
      vi.setSystemTime(Date.now() + 5_000);
      await new Promise((resume) => setTimeout(resume, 5));
    }
    throw new Error("Not idle.");
  };
  await settled();
  return { drive, stub, syncId, connection, stored, settled };
}

describe("an access token that is refused", () => {
  it.each([2, 3, 5])("%i times in a row, though the grant is alive, disconnects nobody", async (times) => {
    const { drive, stub, syncId, connection, stored, settled } = await connected();
    await drive.mutate({ op: "create", path: "/second.txt", bytes: 10 });
    await drive.fault({ name: "access-token-expired", times });
    unwrap(await stub.run(syncId, { full: false, trigger: "manual" }));
    await settled();
    expect(await connection()).toBe("active");
    expect(await stored()).toBe(2);
  });

  it("for good asks the person to sign in again, though the grant is renewed each time", async () => {
    const { drive, stub, syncId, connection, stored, settled } = await connected();
    await drive.fault({ name: "access-token-expired" });
    unwrap(await stub.run(syncId, { full: false, trigger: "manual" }));
    await settled();
    expect(await connection()).toBe("needs_reconnect");
    expect(await stored()).toBe(1);
  });
});
