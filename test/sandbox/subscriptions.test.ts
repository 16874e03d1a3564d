import { expect, test, vi } from "vitest";
import { openSandbox } from "./sandbox-client.ts";

type Notification = {
  subscriptionId: string;
  clientState?: string;
  changeType?: string;
  resource?: string;
  lifecycleEvent?: string;
  tenantId?: string;
};
type Post = { url: string; value: Notification[] };

/** A sandbox whose notifications end here; `answer` says how they are received. */
async function subscriber(account: string, answer: (url: URL, posts: Post[]) => Response | undefined = () => undefined) {
  const posts: Post[] = [];
  const deliver: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    const given = answer(url, posts);
    const token = url.searchParams.get("validationToken");
    if (token !== null) return given ?? new Response(token, { headers: { "Content-Type": "text/plain" } });
    posts.push({ url: url.href, ...(JSON.parse(String(init?.body)) as { value: Notification[] }) });
    return given ?? new Response(null, { status: 202 });
  };
  const client = await openSandbox({ fetch: deliver });
  const { graph } = await client.as(account);
  const call = async (method: string, path: string, body?: object) =>
    graph(`/subscriptions${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    });
  const create = (more: object = {}): Promise<Response> =>
    call("POST", "", {
      changeType: "updated",
      notificationUrl: "https://tidemark.example/webhooks/microsoft?key=k",
      resource: "me/drive/root",
      expirationDateTime: new Date(Date.now() + 3_600_000).toISOString(),
      clientState: "state of ours",
      ...more,
    });
  const change = () => client.mutate(account, [{ op: "create", path: `/${Math.random()}.txt`, bytes: 1 }]);
  return { ...client, posts, call, create, change };
}

const errorOf = async (answer: Response): Promise<[number, string, string]> => {
  const { error } = (await answer.json()) as { error: { code: string; message: string } };
  return [answer.status, error.code, error.message];
};

test("a subscription is made once the address has echoed the token, and a change is told within a second", async () => {
  const me = await subscriber("notified@contoso.example");
  const made = (await (await me.create()).json()) as { id: string };
  await me.change();
  await vi.waitFor(() => expect(me.posts).toHaveLength(1), 2000);
  expect(me.posts[0]?.url).toBe("https://tidemark.example/webhooks/microsoft?key=k");
  expect(me.posts[0]?.value).toMatchObject([
    { subscriptionId: made.id, clientState: "state of ours", changeType: "updated", resource: "me/drive/root" },
  ]);
});

test.each([
  ["does not echo it", () => new Response("something else", { headers: { "Content-Type": "text/plain" } })],
  [
    "echoes it without decoding",
    (url: URL) => new Response(/validationToken=(.*)/.exec(url.search)?.[1] ?? "", { headers: { "Content-Type": "text/plain" } }),
  ],
  [
    "answers 202",
    (url: URL) => new Response(url.searchParams.get("validationToken"), { status: 202, headers: { "Content-Type": "text/plain" } }),
  ],
  ["answers HTML", (url: URL) => new Response(url.searchParams.get("validationToken"), { headers: { "Content-Type": "text/html" } })],
])("no subscription is made where the address %s", async (_what, answer) => {
  const me = await subscriber("handshake@contoso.example", answer);
  expect(await errorOf(await me.create())).toEqual([
    400,
    "ValidationError",
    expect.stringContaining("Subscription validation request failed"),
  ]);
});

test("what the service does not support is refused", async () => {
  const me = await subscriber("refused@contoso.example");
  expect((await me.create({ changeType: "created" })).status).toBe(400);
  expect((await me.create({ resource: "me/drive/root/children" })).status).toBe(400);
  expect((await me.create({ notificationUrl: "http://tidemark.example/webhooks" })).status).toBe(400);
  const tooLong = new Date(Date.now() + 42_310 * 60_000).toISOString();
  expect(await errorOf(await me.create({ expirationDateTime: tooLong }))).toEqual([
    400,
    "ExtensionError",
    expect.stringContaining("42300 minutes"),
  ]);
  expect((await me.create({ expirationDateTime: new Date(Date.now() + 42_300 * 60_000).toISOString() })).status).toBe(201);
});

test("only a personal account may watch a folder", async () => {
  const work = await subscriber("folderwatch@contoso.example");
  const inWork = await work.mutate("folderwatch@contoso.example", [{ op: "mkdir", path: "/f" }]);
  expect((await work.create({ resource: `me/drive/items/${inWork.ids[0]}` })).status).toBe(400);
  const personal = await subscriber("folderwatch@outlook.example");
  const inPersonal = await personal.mutate("folderwatch@outlook.example", [{ op: "mkdir", path: "/f" }]);
  expect((await personal.create({ resource: `me/drive/items/${inPersonal.ids[0]}` })).status).toBe(201);
});

test("with the named fault a second subscription is a conflict that names the first", async () => {
  const account = "conflict@contoso.example";
  const me = await subscriber(account);
  const { id } = (await (await me.create()).json()) as { id: string };
  await me.control("POST", "/faults", { name: "subscription-conflict", match: { account } });
  expect(await errorOf(await me.create())).toEqual([
    409,
    "ObjectIdentifierInUse",
    `Subscription Id ${id} already exists for the requested combination`,
  ]);
});

test("a notification that is refused is sent again", async () => {
  const me = await subscriber("retried@contoso.example", (url, posts) =>
    url.searchParams.has("validationToken") || posts.length > 0 ? undefined : new Response(null, { status: 503 }),
  );
  await me.create();
  await me.change();
  await vi.waitFor(() => expect(me.posts).toHaveLength(2), 5000);
});

test("several changes at once are told once; suppressed ones never; duplicated ones twice", async () => {
  const account = "modes@contoso.example";
  const me = await subscriber(account);
  await me.create();
  await Promise.all([me.change(), me.change(), me.change()]);
  await vi.waitFor(() => expect(me.posts).toHaveLength(1), 2000);
  await me.control("POST", "/notifications", { mode: "suppress" });
  await me.change();
  await new Promise((done) => setTimeout(done, 800));
  expect(me.posts).toHaveLength(1);
  await me.control("POST", "/notifications", { mode: "duplicate" });
  await me.change();
  await vi.waitFor(() => expect(me.posts).toHaveLength(3), 2000);
  const { sent } = await me.control<{ sent: { status: number }[] }>("GET", `/outbox?account=${account}`);
  expect(sent.map((one) => one.status)).toEqual([202, 202, 202]);
});

test("when its access token has ended, a subscription asks to be reauthorised", async () => {
  const account = "lifecycle@contoso.example";
  const me = await subscriber(account);
  const expirationDateTime = new Date(Date.now() + 86_400_000).toISOString();
  const made = await me.create({ expirationDateTime, lifecycleNotificationUrl: "https://tidemark.example/lifecycle" });
  const { id } = (await made.json()) as { id: string };
  await me.control("POST", "/clock", { advanceSeconds: 3601 });
  await vi.waitFor(() => expect(me.posts).toHaveLength(1), 2000);
  expect(me.posts[0]?.url).toBe("https://tidemark.example/lifecycle");
  expect(me.posts[0]?.value).toMatchObject([
    { subscriptionId: id, lifecycleEvent: "reauthorizationRequired", clientState: "state of ours" },
  ]);
  const again = await me.as(account);
  expect((await again.graph(`/subscriptions/${id}/reauthorize`, { method: "POST" })).status).toBe(204);
});

test("an expired subscription is gone and tells nothing more", async () => {
  const account = "expiring@contoso.example";
  const me = await subscriber(account);
  const { id } = (await (await me.create({ expirationDateTime: new Date(Date.now() + 60_000).toISOString() })).json()) as { id: string };
  await me.control("POST", "/clock", { advanceSeconds: 61 });
  expect((await me.call("PATCH", `/${id}`, { expirationDateTime: new Date(Date.now() + 3_600_000).toISOString() })).status).toBe(404);
  await me.change();
  await new Promise((done) => setTimeout(done, 800));
  expect(me.posts).toEqual([]);
});

test.each([
  ["notification-without-client-state", (value: Notification[]) => expect(value[0]).not.toHaveProperty("clientState")],
  [
    "notification-mixed",
    (value: Notification[]) => expect(value.map((one) => one.clientState)).toEqual(["of somebody else", "state of ours"]),
  ],
  ["notification-old-form", (value: Notification[]) => expect(value[0]).not.toHaveProperty("tenantId")],
])("the fault %s changes what is sent", async (name, check) => {
  const account = "faulty@contoso.example";
  const me = await subscriber(account);
  await me.create();
  await me.control("POST", "/faults", { name, match: { account } });
  await me.change();
  await vi.waitFor(() => expect(me.posts).toHaveLength(1), 2000);
  check(me.posts[0]?.value ?? []);
});
