import { type Client, BatchRequestContent, BatchResponseContent, type PageCollection } from "@microsoft/microsoft-graph-client";
import type { Drive, DriveItem, Subscription, User } from "@microsoft/microsoft-graph-types";
import { expect, test } from "vitest";
import { createSandbox } from "../../sandbox/app.ts";
import { sdkFor, walk } from "./graph-client.ts";
import { clientOf, type TreeFile } from "./sandbox-client.ts";

const WORK = "sdk@contoso.example";
const PERSONAL = "sdk@outlook.example";
// Addresses in a batch are relative to the version; the client makes them so from these.
const BATCHED = "https://graph.microsoft.com";
const NOTIFICATION_URL = "https://tidemark.example/webhooks/microsoft?secret=a+b";

const sandbox = await createSandbox({
  // Whoever is notified answers the handshake as the documentation says.
  fetch: async (input) => {
    const token = new URL(String(input)).searchParams.get("validationToken");
    return token === null ? new Response(null, { status: 202 }) : new Response(token, { headers: { "Content-Type": "text/plain" } });
  },
});
const client = clientOf(sandbox);

test.each([WORK, PERSONAL])("Microsoft's client walks the whole delta of %s, and later only what changed", async (account) => {
  await client.control("POST", `/drives/${account}/generate`, { files: 730, folders: 30, meanBytes: 300, seed: 3 });
  const sdk = await sdkFor(client, account);
  const { items, deltaLink } = await walk<DriveItem>(sdk, "/me/drive/root/delta");
  const files = items.filter((item) => item.file);
  expect(items).toHaveLength(1 + 30 + 730);
  const tree = await client.tree(account);
  expect(new Set(files.map((file) => file.id))).toEqual(new Set(tree.map((file) => file.id)));

  const [first] = tree as [TreeFile, ...TreeFile[]];
  await client.mutate(account, [{ op: "rename", path: first.path, name: "renamed.txt" }]);
  const later = await walk<DriveItem>(sdk, deltaLink);
  expect(later.items.filter((item) => item.file).map((item) => [item.id, item.name])).toEqual([[first.id, "renamed.txt"]]);
});

test("Microsoft's client reads the user, the drive, children, an item by path and its bytes", async () => {
  await client.control("POST", `/drives/${WORK}/generate`, { files: 10, folders: 0, meanBytes: 50, seed: 4 });
  await client.mutate(WORK, [{ op: "create", path: "/A folder/50% off #1 & più.txt", bytes: "Bytes of a text." }]);
  const sdk = await sdkFor(client, WORK);
  expect(((await sdk.api("/me").get()) as User).mail).toBe(WORK);
  expect(((await sdk.api("/me/drive").get()) as Drive).quota?.used).toBeGreaterThan(16);

  const children = (await sdk.api("/me/drive/root/children").top(4).get()) as PageCollection;
  expect(children.value).toHaveLength(4);
  expect((await walk<DriveItem>(sdk, "/me/drive/root/children?$top=4")).items).toHaveLength(11);

  const path = `/me/drive/root:/${encodeURIComponent("A folder")}/${encodeURIComponent("50% off #1 & più.txt")}`;
  const item = (await sdk.api(path).get()) as DriveItem;
  expect(item).toMatchObject({ name: "50% off #1 & più.txt", size: 16, parentReference: { path: "/drive/root:/A folder" } });
  const stream = (await sdk.api(`/me/drive/items/${item.id}/content`).getStream()) as ReadableStream;
  expect(await new Response(stream).text()).toBe("Bytes of a text.");
});

async function batch(sdk: Client, steps: ConstructorParameters<typeof BatchRequestContent>[0]): Promise<BatchResponseContent> {
  const content = await new BatchRequestContent(steps).getContent();
  return new BatchResponseContent((await sdk.api("/$batch").post(content)) as ConstructorParameters<typeof BatchResponseContent>[0]);
}

test("Microsoft's client batches requests, in parallel and one after another", async () => {
  const sdk = await sdkFor(client, WORK);
  const parallel = await batch(sdk, [
    { id: "1", request: new Request(`${BATCHED}/me`) },
    { id: "2", request: new Request(`${BATCHED}/me/drive/items/nothing`) },
  ]);
  expect(((await parallel.getResponseById("1").json()) as User).mail).toBe(WORK);
  expect(parallel.getResponseById("2").status).toBe(404);
  const serial = await batch(sdk, [
    { id: "1", request: new Request(`${BATCHED}/me/drive/items/nothing`) },
    { id: "2", request: new Request(`${BATCHED}/me/drive/root`), dependsOn: ["1"] },
  ]);
  expect(serial.getResponseById("2").status).toBe(424);
});

test("Microsoft's client creates, lists, renews and deletes a subscription", async () => {
  const sdk = await sdkFor(client, WORK);
  const expirationDateTime = new Date(Date.now() + 3_600_000).toISOString();
  const wish: Subscription = {
    changeType: "updated",
    notificationUrl: NOTIFICATION_URL,
    resource: "me/drive/root",
    expirationDateTime,
    clientState: "known to us",
  };
  const made = (await sdk.api("/subscriptions").post(wish)) as Subscription;
  expect(made).toMatchObject({ resource: "me/drive/root", notificationUrl: NOTIFICATION_URL, latestSupportedTlsVersion: "v1_2" });
  const list = (await sdk.api("/subscriptions").get()) as { value: Subscription[] };
  expect(list.value.map((one) => [one.id, one.clientState])).toEqual([[made.id, null]]);
  const later = new Date(Date.now() + 86_400_000).toISOString();
  const renewed = (await sdk.api(`/subscriptions/${made.id}`).patch({ expirationDateTime: later })) as Subscription;
  expect(Date.parse(renewed.expirationDateTime ?? "")).toBe(Date.parse(later));
  await sdk.api(`/subscriptions/${made.id}`).delete();
  await expect(sdk.api(`/subscriptions/${made.id}`).get()).rejects.toMatchObject({ statusCode: 404, code: "ResourceNotFound" });
});
