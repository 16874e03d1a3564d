import { expect, test } from "vitest";
import { allFaultKinds } from "../../sandbox/fault-kinds.ts";
import { VENDORS } from "../../sandbox/vendors.ts";
import { openSandbox, type DeltaPage } from "./sandbox-client.ts";

async function driveWith(account: string, faults: object[]) {
  const client = await openSandbox();
  await client.control("POST", `/drives/${account}/generate`, { files: 300, folders: 5, meanBytes: 400, seed: 2 });
  const me = await client.as(account);
  const clean = await me.delta();
  for (const fault of faults) await client.control("POST", "/faults", { match: { account }, ...fault });
  return { ...client, ...me, clean };
}

test("every fault has a name and a line about it, and what is on is listed", async () => {
  const { control } = await openSandbox();
  const { available } = await control<{ available: { name: string; about: string }[] }>("GET", "/faults");
  const names = allFaultKinds(VENDORS).map(([name]) => name);
  expect(available.map((one) => one.name)).toEqual(names);
  for (const one of available) expect(one.about.length).toBeGreaterThan(10);
  for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
});

test("a fault strikes at its rate, the same requests for the same seed, and as often as it may", async () => {
  const statuses = async (account: string): Promise<number[]> => {
    const { graph } = await driveWith(account, [{ name: "server-busy", rate: 0.5, seed: 4 }]);
    const all: number[] = [];
    for (let i = 0; i < 40; i++) all.push((await graph("/me/drive")).status);
    return all;
  };
  const first = await statuses("rate1@contoso.example");
  expect(await statuses("rate2@contoso.example")).toEqual(first);
  expect(first.filter((status) => status === 503).length).toBeGreaterThan(8);
  expect(first.filter((status) => status === 200).length).toBeGreaterThan(8);

  const { graph } = await driveWith("times@contoso.example", [{ status: 500, times: 2 }]);
  expect([(await graph("/me")).status, (await graph("/me")).status, (await graph("/me")).status]).toEqual([500, 500, 200]);
});

test("a fault is about the requests it matches only", async () => {
  const { graph } = await driveWith("match@contoso.example", [
    {
      status: 418,
      headers: { "X-Kettle": "yes" },
      body: { short: "stout" },
      match: { account: "match@contoso.example", method: "GET", path: "/me/drive$" },
    },
  ]);
  const struck = await graph("/me/drive");
  expect([struck.status, struck.headers.get("x-kettle"), await struck.json()]).toEqual([418, "yes", { short: "stout" }]);
  expect((await graph("/me")).status).toBe(200);
});

test("what is switched off strikes no more", async () => {
  const account = "off@contoso.example";
  const { graph, control } = await driveWith(account, [{ name: "throttled" }]);
  expect((await graph("/me")).status).toBe(429);
  await control("DELETE", `/faults?name=throttled&account=${account}`);
  expect((await graph("/me")).status).toBe(200);
});

test.each([
  ["resync-required", 410, "resyncRequired", true],
  ["resync-apply-differences", 410, "resyncChangesApplyDifferences", true],
  ["resync-upload-differences", 410, "resyncChangesUploadDifferences", true],
  ["resync-without-location", 410, "resyncRequired", false],
  ["sync-state-not-found", 410, "syncStateNotFound", false],
  ["token-not-found", 404, "itemNotFound", false],
  ["token-refused", 400, "invalidRequest", false],
  ["token-timeout", 504, "GatewayTimeout", false],
])("the fault %s answers a delta token with %i %s, and leaves enumerations alone", async (name, status, code, located) => {
  const { graph, clean } = await driveWith("tokens@contoso.example", [{ name, times: 1 }]);
  expect((await graph("/me/drive/root/delta")).status).toBe(200);
  const answer = await graph(clean.deltaLink);
  expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code, answer.headers.has("location")]).toEqual([
    status,
    code,
    located,
  ]);
});

test("duplicated items repeat within a page and on the next, and none is missing", async () => {
  const { delta, clean } = await driveWith("duplicates@contoso.example", [{ name: "duplicate-items" }]);
  const { items, pages } = await delta();
  expect(items.length).toBeGreaterThan(clean.items.length);
  expect(new Set(items.map((item) => item.id))).toEqual(new Set(clean.items.map((item) => item.id)));
  const last = pages[0]?.value.at(-1)?.id;
  expect(pages[1]?.value.map((item) => item.id)).toContain(last);
});

test("an empty page leads on to the real one", async () => {
  const { delta, clean } = await driveWith("empty@contoso.example", [{ name: "empty-page" }]);
  const { pages, items } = await delta();
  expect(pages.some((page) => page.value.length === 0 && page["@odata.nextLink"] !== undefined)).toBe(true);
  expect(items).toHaveLength(clean.items.length);
});

test("delta lags behind the drive where it shall", async () => {
  const account = "lag@contoso.example";
  const { json, mutate, control, clean } = await driveWith(account, [{ name: "delta-lag", delayMs: 30_000 }]);
  await control("POST", "/clock", { advanceSeconds: 31 });
  const { ids } = await mutate(account, [{ op: "create", path: "/new.txt", bytes: 1 }]);
  const early = await json<DeltaPage>(clean.deltaLink);
  expect(early.value.map((item) => item.id)).not.toContain(ids[0]);
  expect(await json(`/me/drive/items/${ids[0]}`)).toMatchObject({ name: "new.txt" });
  await control("POST", "/clock", { advanceSeconds: 31 });
  expect((await json<DeltaPage>(early["@odata.deltaLink"] ?? "")).value.map((item) => item.id)).toContain(ids[0]);
});

test.each([
  ["missing-hash", (item: object) => expect(item).toMatchObject({ file: { hashes: {} } })],
  ["missing-size", (item: object) => expect(item).not.toHaveProperty("size")],
  ["malware", (item: object) => expect(item).toHaveProperty("malware")],
  ["path-in-delta", (item: object) => expect(item).toMatchObject({ parentReference: { path: expect.stringContaining("/drive/root:") } })],
])("the fault %s shows in every file of delta", async (name, check) => {
  const { delta } = await driveWith("shapes@contoso.example", [{ name }]);
  for (const item of (await delta()).items.filter((one) => one.file)) check(item);
});

test("malware is marked in listings and refused as a download, for the items it is about only", async () => {
  const account = "malware@contoso.example";
  const { mutate, json, control, request } = await driveWith(account, []);
  await mutate(account, [
    { op: "create", path: "/eicar.com", bytes: 68 },
    { op: "create", path: "/fine.txt", bytes: 5 },
  ]);
  await control("POST", "/faults", { name: "malware-html", match: { account, item: "^eicar" } });
  const read = (path: string) => json<{ "@microsoft.graph.downloadUrl": string; malware?: object }>(`/me/drive/root:/${path}`);
  const [bad, fine] = [await read("eicar.com"), await read("fine.txt")];
  expect([bad.malware !== undefined, fine.malware]).toEqual([true, undefined]);
  const refused = await request(bad["@microsoft.graph.downloadUrl"]);
  expect([refused.status, refused.headers.get("x-virus-infected")]).toEqual([403, "Virus:DOS/EICAR_Test_File"]);
  expect((await request(fine["@microsoft.graph.downloadUrl"])).status).toBe(200);
});

test("downloads can break, end early, be wrong, or come without a length", async () => {
  const account = "broken@contoso.example";
  const { mutate, graph, control, request } = await driveWith(account, []);
  const { ids } = await mutate(account, [{ op: "create", path: "/a.bin", bytes: 200_000 }]);
  const fetchWith = async (name: string, headers: Record<string, string> = {}): Promise<Response> => {
    const location = (await graph(`/me/drive/items/${ids[0]}/content`)).headers.get("location") ?? "";
    await control("POST", "/faults", { name, match: { account }, times: 1 });
    return request(location, { headers });
  };
  const whole = Buffer.from(await (await fetchWith("chunked-body")).arrayBuffer());
  expect(whole).toHaveLength(200_000);
  await expect((await fetchWith("truncated-body")).arrayBuffer()).rejects.toThrow();
  const short = await fetchWith("short-body");
  const shortBytes = (await short.arrayBuffer()).byteLength;
  expect(short.headers.get("content-length")).toBe(String(shortBytes));
  expect(shortBytes).toBeLessThan(200_000);
  const corrupt = Buffer.from(await (await fetchWith("corrupt-body")).arrayBuffer());
  expect([corrupt.length, corrupt.equals(whole)]).toEqual([200_000, false]);
  const again = Buffer.from(await (await fetchWith("corrupt-body")).arrayBuffer());
  expect(again.equals(corrupt)).toBe(false);
  expect((await fetchWith("range-ignored", { Range: "bytes=5-9" })).status).toBe(200);
  expect((await fetchWith("range-not-satisfiable", { Range: "bytes=5-9" })).status).toBe(416);
});

test("throttling counts resource units, shows what is left near the limit, and ends with the minute", async () => {
  const account = "units@contoso.example";
  const { graph, control } = await driveWith(account, []);
  await control("POST", "/faults", { name: "throttle", match: { account }, unitsPerMinute: 10 });
  const remaining: (string | null)[] = [];
  for (let i = 0; i < 5; i++) remaining.push((await graph("/me/drive/root/children?$top=1")).headers.get("ratelimit-remaining"));
  expect(remaining).toEqual([null, null, null, "2", "0"]);
  const refused = await graph("/me/drive");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("ratelimit-remaining")).toBe("0");
  await control("POST", "/clock", { advanceSeconds: Number(refused.headers.get("retry-after")) });
  expect((await graph("/me/drive")).status).toBe(200);
});

test("a fault that is none is refused with what is wrong", async () => {
  const { request } = await openSandbox();
  const post = (body: object) => request("https://sandbox.test/_sandbox/faults", { method: "POST", body: JSON.stringify(body) });
  for (const wrong of [{ name: "no-such-fault" }, {}, { status: 99 }, { status: 500, match: { path: "(" } }, { status: 500, unknown: 1 }]) {
    const answer = await post(wrong);
    expect([answer.status, typeof ((await answer.json()) as { error: string }).error]).toEqual([400, "string"]);
  }
});
