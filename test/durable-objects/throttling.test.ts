import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { accounts } from "../../worker/db/client.ts";
import { users } from "../../worker/db/schema.ts";
import { unwrap } from "../../worker/errors.ts";
import { randomId } from "../../worker/ids.ts";
import { SandboxDrive } from "../providers/sandbox-drive.ts";

// What goes out to Microsoft, as the sandbox plays it, from the moment on that it has had enough.

afterEach(() => void vi.restoreAllMocks());

interface Sent {
  url: string;
  at: number;
  answeredAt: number;
  status: number;
}

/** Every request to the source from now on, with the times at which it was sent and answered. */
function watchRequests(): Sent[] {
  const sent: Sent[] = [];
  const real = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const request = { url, at: Date.now(), answeredAt: Infinity, status: 0 };
    if (/graph\.microsoft|sharepoint|1drv/.test(url)) sent.push(request);
    const response = await real(input, init);
    request.answeredAt = Date.now();
    request.status = response.status;
    return response;
  });
  return sent;
}

async function connectedUser(drive: SandboxDrive) {
  const userId = randomId();
  await accounts(env).insert(users).values({ id: userId, name: "Test", email: null, createdAt: Date.now(), signedInAt: Date.now() });
  const stub = env.USER_SYNC.getByName(userId);
  const { id } = await drive.provider.account();
  const tokens = { accessToken: await drive.context.accessToken(), refreshToken: "refresh", expiresAt: Date.now() + 3_600_000 };
  const account = { id, label: "Sandbox", email: drive.account };
  unwrap(await stub.addConnection({ provider: "onedrive", account, scopes: [], tokens, homeShard: 0 }));
  const syncId = (await env.DB.prepare("SELECT id FROM syncs WHERE user_id = ?").bind(userId).first<string>("id")) ?? "";
  const status = async () => unwrap(await stub.status(syncId));
  const run = async () => unwrap(await stub.run(syncId, { full: false, trigger: "manual" }));
  return { userId, syncId, stub, status, run };
}

type User = Awaited<ReturnType<typeof connectedUser>>;

async function settled(user: User): Promise<void> {
  await expect
    .poll(
      async () => {
        await runDurableObjectAlarm(user.stub);
        const { activeRun, backlog, checkedAt } = await user.status();
        return activeRun === null && backlog.files === 0 && checkedAt !== null;
      },
      { timeout: 30_000, interval: 50 },
    )
    .toBe(true);
}

async function storedCount(user: User): Promise<unknown> {
  return env.DB.prepare("SELECT count(*) AS n FROM items WHERE sync_id = ? AND kind = 1 AND state = 'stored' AND attempts = 0")
    .bind(user.syncId)
    .first("n");
}

it.each([
  ["a download", (url: string) => !url.includes("graph.microsoft"), "download"],
  ["a page of changes", (url: string) => url.includes("/delta"), "delta"],
])("after a 429 to %s not one request goes out before the wait is over, and all is stored then", async (_what, isStruck, site) => {
  const drive = await SandboxDrive.open("contoso.example", "throttled");
  await drive.mutate({ op: "create", path: "/first.txt", bytes: 10 });
  const sent = watchRequests();
  const user = await connectedUser(drive);
  await settled(user);
  const host = new URL(sent.find(({ url }) => isStruck(url))?.url ?? "").hostname;

  const names = Array.from({ length: 60 }, (_none, n) => `/many/${n}.txt`);
  await drive.mutate(...names.map((path) => ({ op: "create" as const, path, bytes: 50 })));
  await drive.fault({ name: "throttled", times: 1, match: { host, ...(site === "delta" && { path: "/delta" }) } });
  sent.length = 0;
  await user.run();
  await expect.poll(async () => (await user.status()).waitingFor?.reason, { timeout: 10_000, interval: 5 }).toBe("throttled");
  const until = Date.parse((await user.status()).waitingFor?.until ?? "");
  const refused = sent.find(({ status }) => status === 429);
  expect(until - (refused?.answeredAt ?? 0), "as long as it was told: 2 s").toBeGreaterThanOrEqual(1_900);
  const known = Date.now();
  expect(sent.every((request) => request.at <= known)).toBe(true);

  await settled(user);
  const between = sent.filter(({ at }) => at > known && at < until);
  expect(between.map(({ url }) => url)).toEqual([]);
  expect(sent.filter(({ status }) => status === 429)).toHaveLength(1);
  expect(sent.some(({ at }) => at >= until)).toBe(true);
  const files = await drive.tree();
  expect(await storedCount(user)).toBe(files.length);
});

it("where Microsoft shows what is left of a minute's units, the connection rests before the first 429", async () => {
  const drive = await SandboxDrive.open("contoso.example", "allowance");
  await drive.mutate({ op: "create", path: "/first.txt", bytes: 10 });
  const user = await connectedUser(drive);
  await settled(user);
  // The minute is the sandbox's: enough of it must be left.
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 15_000) await new Promise((resume) => setTimeout(resume, left));
  await drive.fault({ name: "throttle", unitsPerMinute: 20 });
  const sent = watchRequests();
  const isThrottled = async () => (await user.status()).waitingFor?.reason === "throttled";
  for (let runs = 0; runs < 30 && !(await isThrottled()); runs += 1) {
    await user.run();
    await expect
      .poll(async () => (await runDurableObjectAlarm(user.stub), (await isThrottled()) || (await user.status()).activeRun === null))
      .toBe(true);
  }
  expect(await isThrottled()).toBe(true);
  expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 200));
  const before = sent.length;
  await user.run();
  await runDurableObjectAlarm(user.stub);
  await new Promise((resume) => setTimeout(resume, 300));
  expect(sent).toHaveLength(before);
});
