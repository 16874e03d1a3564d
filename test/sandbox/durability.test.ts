import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createSandbox } from "../../sandbox/app.ts";
import { startSandbox } from "../../sandbox/server.ts";
import { clientOf, type DeltaPage } from "./sandbox-client.ts";

const ALICE = "alice@contoso.example";
const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sandbox-"));
  cleanUp.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("what a control call answered, and every token, outlives a sandbox that was never closed", async () => {
  const stateDir = await temporaryFolder();
  const answerHandshake: typeof fetch = async (input) =>
    new Response(new URL(String(input)).searchParams.get("validationToken"), { headers: { "Content-Type": "text/plain" } });
  const first = clientOf(await createSandbox({ stateDir, fetch: answerHandshake }));
  await first.control("POST", `/drives/${ALICE}/generate`, { files: 50, folders: 3, seed: 5 });
  const { graph, delta } = await first.as(ALICE);
  const { refresh_token: refreshToken } = await first.signIn(ALICE);
  const { deltaLink } = await delta();
  const body = JSON.stringify({
    changeType: "updated",
    notificationUrl: "https://tidemark.example/w",
    resource: "me/drive/root",
    expirationDateTime: new Date(Date.now() + 3_600_000).toISOString(),
  });
  const made = (await (await graph("/subscriptions", { method: "POST", body })).json()) as { id: string };
  const { ids } = await first.mutate(ALICE, [{ op: "create", path: "/after.txt", bytes: 9 }]);
  await first.control("POST", "/clock", { advanceSeconds: 100 });
  const { now } = await first.control<{ now: string }>("POST", "/clock", { advanceSeconds: 0 });
  const tree = await first.tree(ALICE);

  const reopened = await createSandbox({ stateDir, fetch: answerHandshake });
  cleanUp.push(async () => reopened.close());
  const second = clientOf(reopened);
  expect(await second.tree(ALICE)).toEqual(tree);
  expect((await second.redeem({ grant_type: "refresh_token", refresh_token: refreshToken })).status).toBe(200);
  const again = await second.as(ALICE);
  expect((await again.json<DeltaPage>(deltaLink)).value.map((item) => item.id)).toContain(ids[0]);
  expect((await again.json<{ value: { id: string }[] }>("/subscriptions")).value.map((one) => one.id)).toEqual([made.id]);
  expect(Date.parse((await second.control<{ now: string }>("POST", "/clock", { advanceSeconds: 0 })).now)).toBeGreaterThanOrEqual(
    Date.parse(now),
  );
});

test("sites outlive it too, and a state from before there were any is taken on, with its subscriptions", async () => {
  const stateDir = await temporaryFolder();
  const first = await createSandbox({ stateDir });
  await clientOf(first).control("PUT", "/microsoft/sites/marketing", { title: "Sales", state: "locked" });
  await first.close();
  const database = new DatabaseSync(join(stateDir, "sandbox", "sandbox.db"));
  database.exec("ALTER TABLE subscriptions DROP COLUMN drive");
  database.close();

  const reopened = await createSandbox({ stateDir });
  cleanUp.push(async () => reopened.close());
  const { graph, json } = await clientOf(reopened).as(ALICE, "openid User.Read Sites.Read.All");
  const followed = await json<{ value: { displayName: string }[] }>("/me/followedSites");
  expect(followed.value.map(({ displayName }) => displayName)).toContain("Sales");
  expect((await graph("/sites/contoso.sharepoint.com:/sites/marketing")).status).toBe(423);
  expect((await graph("/subscriptions")).status).toBe(200);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function run(port: number, stateDir: string): ChildProcess {
  const child = spawn(process.execPath, ["sandbox/main.ts"], {
    env: { ...process.env, SANDBOX_PORT: String(port), STATE_DIR: stateDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  cleanUp.push(async () => child.kill("SIGKILL"));
  return child;
}

async function said(child: ChildProcess, stream: "stdout" | "stderr", pattern: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of child[stream] ?? []) {
    text += String(chunk);
    if (pattern.test(text)) return text;
  }
  return text;
}

test("killed with -9 in the middle of changes, it has each change that it answered", async () => {
  const stateDir = await temporaryFolder();
  const port = await freePort();
  const child = run(port, stateDir);
  await said(child, "stdout", /Sandbox: /);
  const answered: string[] = [];
  const control = `http://localhost:${port}/_sandbox/drives/kill@contoso.example/mutate`;
  const changing = (async () => {
    for (let i = 0; ; i++) {
      const answer = await fetch(control, {
        method: "POST",
        body: JSON.stringify({ ops: [{ op: "create", path: `/f${i}.txt`, bytes: i }] }),
      });
      answered.push(((await answer.json()) as { ids: [string] }).ids[0]);
    }
  })().catch((error: unknown) => error);
  await expect.poll(() => answered.length, { timeout: 20_000 }).toBeGreaterThan(5);
  child.kill("SIGKILL");
  await once(child, "exit");
  await changing;
  const reopened = await createSandbox({ stateDir });
  cleanUp.push(async () => reopened.close());
  const ids = (await clientOf(reopened).tree("kill@contoso.example")).map((file) => file.id);
  expect(ids).toEqual(expect.arrayContaining(answered));
});

test("a port that is in use is said in words, and SIGTERM ends it cleanly", async () => {
  const port = await freePort();
  const running = run(port, await temporaryFolder());
  await said(running, "stdout", /Sandbox: /);
  const second = run(port, await temporaryFolder());
  expect(await said(second, "stderr", /in use/)).toContain(`Port ${port} is in use`);
  running.kill("SIGTERM");
  expect((await once(running, "exit"))[0]).toBe(0);
});

test("a started sandbox answers under localhost, and drops connections where a fault says so", async () => {
  const sandbox = await startSandbox({ port: 0, stateDir: await temporaryFolder() });
  cleanUp.push(() => sandbox.close());
  const page = await (await fetch(sandbox.url)).text();
  expect(page).toContain("alice@contoso.example");
  await fetch(`${sandbox.url}/_sandbox/faults`, { method: "POST", body: JSON.stringify({ drop: true, times: 1 }) });
  const discovery = `${sandbox.url}/login.microsoftonline.com/common/v2.0/.well-known/openid-configuration`;
  await expect(fetch(discovery)).rejects.toThrow();
  expect((await fetch(discovery)).status).toBe(200);
});

test("the page's button changes a drive, and its faults are switched on and off by forms", async () => {
  const sandbox = await startSandbox({ port: 0, stateDir: await temporaryFolder() });
  cleanUp.push(() => sandbox.close());
  const post = (path: string, fields: Record<string, string>) =>
    fetch(`${sandbox.url}${path}`, { method: "POST", body: new URLSearchParams(fields) });
  expect(await (await post("/change", { account: ALICE })).text()).toContain("Changed alice@contoso.example: /From the sandbox/");
  expect(await (await post("/fault", { name: "throttled", on: "true" })).text()).toContain("on, struck 0 times");
  expect(await (await post("/fault", { name: "throttled", on: "false" })).text()).not.toContain("on, struck");
});
