import { expect, test } from "vitest";
import { openSandbox } from "./sandbox-client.ts";

type Answered = { id: string; status: number; headers: Record<string, string>; body?: { error?: { code: string } } };

async function batcher(account: string) {
  const client = await openSandbox();
  const { graph } = await client.as(account);
  const batch = (requests: object[]): Promise<Response> =>
    graph("/$batch", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ requests }) });
  const answers = async (requests: object[]) => ((await (await batch(requests)).json()) as { responses: Answered[] }).responses;
  return { ...client, batch, answers };
}

const reads = (count: number): object[] =>
  Array.from({ length: count }, (_, i) => ({ id: String(i), method: "GET", url: "/me/drive/root" }));

test("up to twenty requests are answered, not in their order", async () => {
  const { answers } = await batcher("batch@contoso.example");
  const all = await answers(reads(20));
  expect(all.map((one) => one.status)).toEqual(Array.from({ length: 20 }, () => 200));
  expect(all.map((one) => one.id)).not.toEqual(reads(20).map((_, i) => String(i)));
  expect(new Set(all.map((one) => one.id)).size).toBe(20);
});

test.each([
  ["more than twenty requests", reads(21)],
  ["no requests", []],
  ["an id twice", [...reads(1), ...reads(1)]],
  ["a request without a method", [{ id: "1", url: "/me" }]],
])("%s are refused with 400", async (_what, requests) => {
  const { batch } = await batcher("batch@contoso.example");
  expect((await batch(requests)).status).toBe(400);
});

test("each part is throttled by itself while the whole is answered 200", async () => {
  const account = "batchthrottled@contoso.example";
  const { answers, control } = await batcher(account);
  await control("POST", "/faults", { name: "throttle", match: { account }, unitsPerMinute: 5 });
  const statuses = (await answers(reads(8))).map((one) => one.status).sort();
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  const refused = (await answers(reads(1)))[0];
  expect(refused?.headers["Retry-After"]).toMatch(/^\d+$/);
  expect(refused?.body?.error?.code).toBe("activityLimitReached");
});

test("content in a batch is a redirect with its Location", async () => {
  const { answers, mutate } = await batcher("batchcontent@contoso.example");
  const { ids } = await mutate("batchcontent@contoso.example", [{ op: "create", path: "/a.txt", bytes: 1 }]);
  const [part] = await answers([{ id: "1", method: "GET", url: `/me/drive/items/${ids[0]}/content` }]);
  expect([part?.status, part?.headers["Location"]]).toEqual([302, expect.stringContaining("download.aspx")]);
});

test("parts are no requests of their own, but are counted apart", async () => {
  const account = "batchcount@contoso.example";
  const { answers, control } = await batcher(account);
  await control("DELETE", `/requests?account=${account}`);
  await answers(reads(3));
  const { total, batched } = await control<{ total: number; batched: { route: string; count: number }[] }>(
    "GET",
    `/requests?account=${account}`,
  );
  expect(total).toBe(1);
  expect(batched).toMatchObject([{ route: "/v1.0/me/drive/root", count: 3 }]);
});
