import { Hono } from "hono";
import { afterEach, expect, test, vi } from "vitest";
import { createSandbox, type SandboxOptions } from "../../sandbox/app.ts";
import { answerWithFaults, askedBy } from "../../sandbox/answer-with-faults.ts";
import { Refusal } from "../../sandbox/answers.ts";
import { contentOf } from "../../sandbox/drives/drive.ts";
import { serveContent } from "../../sandbox/drives/serve.ts";
import { startSandbox } from "../../sandbox/server.ts";
import type { RunningVendor, Vendor, VendorTools } from "../../sandbox/vendor.ts";
import { VENDORS } from "../../sandbox/vendors.ts";
import { clientOf } from "./sandbox-client.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/** Drives where names differ by case, may be the same and may have slashes; one folder deep, without sign-in. */
const cupboard: Vendor = {
  name: "cupboard",
  title: "Cupboard",
  isHost: (host) => host === "api.cupboard.example" || /^[a-z]+\.shelf\.example$/.test(host),
  accountKinds: [
    {
      domain: "cupboard.example",
      label: "personal",
      describe: (base) => ({
        ...base,
        driveId: `shelf of ${base.name}`,
        ids: { id: (n) => `c${n}`, parse: (id) => (/^c\d+$/.test(id) ? Number(id.slice(1)) : undefined) },
      }),
      rules: {
        product: "cupboard",
        nameProblem: (name) => (name.includes("\0") ? "a zero in its name" : undefined),
        pathLengthMax: Infinity,
        caseSensitive: true,
        namesakes: true,
      },
      starter: (name) => (name.startsWith("first@") ? [{ path: "/welcome.txt", bytes: Buffer.from("Welcome.") }] : []),
    },
  ],
  firstAccounts: ["first@cupboard.example"],
  faultKinds: {
    "cupboard-locked": {
      about: "423 for every file",
      scope: () => true,
      answer: (asked, site) => ({ status: 423, headers: { Where: site(asked.host) }, body: { locked: true } }),
    },
  },
  start: openCupboard,
};

function openCupboard(tools: VendorTools): RunningVendor {
  const channel = tools.outbox.open("cupboard", ({ subject, event }) => {
    const account = tools.accounts.named(subject);
    if (account === undefined) return "forget";
    return { account, message: () => ({ url: "https://tidemark.example/bell", headers: { "X-Event": event }, body: undefined }) };
  });
  return {
    answer: async (request) => {
      const [, owner = "", id = ""] = request.path.split("/");
      const account = tools.accounts.named(owner);
      const asked = askedBy("cupboard", request, account?.name);
      return answerWithFaults(tools, request, {
        asked,
        route: "/{owner}/{id}",
        download: request.method === "GET",
        answer: async () => {
          if (request.method !== "GET")
            return Response.json({ method: request.method, bytes: [...(await request.bytes())], text: await request.text() });
          const item = account === undefined ? undefined : tools.drives.live(account.no, account.ids.parse(id) ?? 0);
          if (account === undefined || item === undefined) throw new Refusal({ status: 404, headers: {}, body: { none: true } });
          const served = await serveContent(tools.faults, asked, contentOf(tools, account, item), request, {
            "X-Name": encodeURIComponent(item.name),
          });
          return served ?? new Response(null, { status: 404 });
        },
      });
    },
    driveChanged: (account) => channel.tell(account.name, "changed", 1),
    control: new Hono().post("/turn", async (c) => c.json({ turned: await c.req.json<unknown>() })),
  };
}

const OWNER = "somebody@cupboard.example";
const SHELF = "https://top.shelf.example";

async function open(options: SandboxOptions = {}) {
  const sandbox = await createSandbox({ vendors: [...VENDORS, cupboard], ...options });
  cleanUp.push(() => sandbox.close());
  return clientOf(sandbox);
}

test("another vendor's accounts have their own ids, first files and place on the page, and Microsoft does not know them", async () => {
  const { tree, request, control, authorize } = await open();
  expect(await tree("first@cupboard.example")).toMatchObject([{ id: "c2", path: "/welcome.txt", size: 8 }]);
  const page = await (await request("https://sandbox.test/")).text();
  expect(page).toContain("Cupboard on this machine");
  expect(page).toContain("cupboard-locked");
  await expect(control("POST", "/drives/x@nowhere.example/generate")).rejects.toThrow("@cupboard.example (Cupboard, personal)");
  const signIn = await authorize({ login_hint: OWNER });
  expect([signIn.status, await signIn.text()]).toEqual([200, expect.stringContaining("Pick an account")]);
  expect((await control<{ accounts: string[] }>("POST", "/reset")).accounts).not.toContain(OWNER);
});

test("where a vendor allows them, names have slashes, differ by case and are there twice, and ids tell which one is meant", async () => {
  const { mutate, tree } = await open();
  const { ids } = await mutate(OWNER, [
    { op: "create", path: "/f/a.txt", bytes: 1 },
    { op: "create", path: "/f/A.txt", bytes: 2 },
    { op: "create", path: "/f/a.txt", bytes: 3 },
    { op: "create", path: "/f", name: "1/2.txt", bytes: 4 },
    { op: "mkdir", path: "/", name: "f" },
  ]);
  await mutate(OWNER, [
    { op: "update", path: "/f/A.txt", bytes: 20 },
    { op: "update", id: ids[2], bytes: 30 },
    { op: "create", id: ids[4], name: "in the second.txt", bytes: 5 },
  ]);
  const files = (await tree(OWNER)).map(({ path, size }) => [path, size]);
  expect(files).toEqual([
    ["/f/a.txt", 1],
    ["/f/A.txt", 20],
    ["/f/a.txt", 30],
    ["/f/1/2.txt", 4],
    ["/f/in the second.txt", 5],
  ]);
  await expect(mutate(OWNER, [{ op: "delete", id: ids[0], path: "/f" }])).rejects.toThrow("by path or by id");
  await expect(mutate(OWNER, [{ op: "mkdir", id: ids[4] }])).rejects.toThrow("needs a name");
  await expect(mutate(OWNER, [{ op: "delete", id: "c99" }])).rejects.toThrow("There is no item");
});

test("a vendor's named faults strike its own answers only, and the faults of downloads everybody's", async () => {
  const { mutate, request, control, as } = await open();
  const { ids } = await mutate(OWNER, [{ op: "create", path: "/a", bytes: "0123456789" }]);
  const get = (headers: Record<string, string> = {}) => request(`${SHELF}/${OWNER}/${ids[0]}`, { headers });
  expect(await (await get({ Range: "bytes=2-4" })).text()).toBe("234");
  await control("POST", "/faults", { name: "cupboard-locked" });
  await control("POST", "/faults", { name: "throttled" });
  const locked = await get();
  expect([locked.status, locked.headers.get("where"), await locked.json()]).toEqual([423, SHELF, { locked: true }]);
  expect((await (await as("alice@contoso.example")).graph("/me")).status).toBe(429);
  await control("DELETE", "/faults");
  await control("POST", "/faults", { name: "short-body", times: 1 });
  const short = await (await get()).text();
  expect(short.length).toBeLessThan(10);
  expect("0123456789".startsWith(short)).toBe(true);
  expect((await request(`${SHELF}/${OWNER}/c77`)).status).toBe(404);
  const { routes } = await control<{ routes: { status: number; bytes: number }[] }>("GET", `/requests?account=${OWNER}`);
  expect(routes.map((one) => one.status).sort()).toEqual([200, 206, 404, 423]);
});

test("any method and any bytes reach a vendor, by host and over HTTP", async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "sandbox-"));
  cleanUp.push(() => rm(stateDir, { recursive: true, force: true }));
  const running = await startSandbox({ port: 0, stateDir, vendors: [...VENDORS, cupboard] });
  cleanUp.push(() => running.close());
  const { request } = await open();
  const body = Buffer.from([0xef, 0x41, 0x00]);
  for (const answer of [
    await request(`${SHELF}/x`, { method: "PROPFIND", body }),
    await fetch(`${running.url}/top.shelf.example/x`, { method: "PROPFIND", body }),
  ])
    expect(await answer.json()).toEqual({ method: "PROPFIND", bytes: [0xef, 0x41, 0x00], text: "\ufffdA\0" });
});

test("a vendor's notifications follow the account's mode, and its control calls are below its name", async () => {
  const told: string[] = [];
  const deliver: typeof fetch = async (input, init) => {
    told.push(`${String(input)} ${new Headers(init?.headers).get("x-event")} ${String(init?.body)}`);
    return new Response(null, { status: told.length === 1 ? 500 : 200 });
  };
  const { mutate, control, request } = await open({ fetch: deliver });
  const change = () => mutate(OWNER, [{ op: "create", path: "/a", bytes: 1 }]);
  await control("POST", "/notifications", { mode: "suppress", account: OWNER });
  await change();
  await control("POST", "/notifications", { mode: "normal", account: OWNER });
  await change();
  await vi.waitFor(() => expect(told).toHaveLength(2), 5000);
  expect(new Set(told)).toEqual(new Set(["https://tidemark.example/bell changed undefined"]));
  await control("POST", "/notifications", { mode: "duplicate", account: OWNER });
  await change();
  await vi.waitFor(() => expect(told).toHaveLength(4), 5000);
  const { sent } = await control<{ sent: { status: number }[] }>("GET", `/outbox?account=${OWNER}`);
  expect(sent.map((one) => one.status)).toEqual([500, 200, 200, 200]);
  expect(await control("POST", "/cupboard/turn", { by: 90 })).toEqual({ turned: { by: 90 } });
  expect((await request("https://sandbox.test/_sandbox/cupboard/else", { method: "POST" })).status).toBe(404);
  expect((await request("https://sandbox.test/_sandbox/nobody/turn", { method: "POST" })).status).toBe(404);
});
