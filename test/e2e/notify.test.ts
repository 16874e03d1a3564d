import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Browser } from "playwright-core";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserMissing, newVisitor, openBrowser, problemsOf } from "./support/browser.ts";
import { Client } from "./support/client.ts";
import { Tidemark } from "./support/tidemark.ts";

// A program and a person are told: by real requests to a server of this machine, and by mail that the local runtime keeps.

const ACCOUNT = "notified@contoso.example";
const ADDRESS = "person@mail.example";
const SHAPE = { files: 40, folders: 1, meanBytes: 1000, seed: 9 };
const RUN_SECONDS = 120;
const TOLD_SECONDS = 60;
const SENT_MAIL = "/cdn-cgi/local/explorer/api/local/email/sending";

interface Came {
  headers: Record<string, string>;
  body: string;
}

interface SentMail {
  to: string[];
  subject: string;
  text?: string;
  html?: string;
  headers?: Record<string, string>;
}

let tidemark: Tidemark;
let server: Server;
let receiver: string;
const came: Came[] = [];

beforeAll(async () => {
  server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((listening) => server.listen(0, "localhost", listening));
  const address = server.address();
  receiver = `http://localhost:${address !== null && typeof address === "object" ? address.port : 0}`;
  tidemark = await Tidemark.start();
});

afterAll(async () => {
  server?.close();
  await tidemark?.stop();
});

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  came.push({ headers: request.headers as Record<string, string>, body: await bodyOf(request) });
  const isDown = request.url === "/down";
  response.writeHead(isDown ? 503 : 200).end(isDown ? "Not now." : "Thank you.");
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** The mails to this address, as the local runtime was given them. */
async function mailsTo(address: string): Promise<SentMail[]> {
  const list = async <T>(query: string) => (await (await fetch(`${tidemark.origin}${SENT_MAIL}?${query}`)).json()) as { result: T };
  const { result } = await list<{ messageId: string; to: string[] }[]>("per_page=100");
  const mine = result.filter(({ to }) => to.includes(address));
  return Promise.all(mine.map(async ({ messageId }) => (await list<SentMail>(`email_id=${encodeURIComponent(messageId)}`)).result));
}

async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const until = Date.now() + TOLD_SECONDS * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error(`${what} did not come.\n${tidemark.logs()}`);
    await new Promise((resume) => setTimeout(resume, 300));
  }
}

it("a removal that is held arrives as a webhook, which verifies, and as a mail at the address that was confirmed", async () => {
  await tidemark.sandbox.generate(ACCOUNT, SHAPE);
  const { client, syncId } = await tidemark.signIn(ACCOUNT);
  await client.untilIdle(syncId, RUN_SECONDS);
  const { secret } = await client.send<{ secret: string }>("POST", "/api/v1/webhooks", { url: `${receiver}/events`, events: ["run.held"] });

  await client.send("PATCH", "/api/v1/notifications", { address: ADDRESS });
  const asked = await eventually("The link", async () => (await mailsTo(ADDRESS))[0]);
  const link = /https?:\/\/\S+\/mail\/confirm\/\S+/.exec(asked.text ?? "")?.[0] ?? "";
  expect((await fetch(link)).status, "to look at it does nothing").toBe(200);
  expect((await client.get<{ mail: { address: string | null } }>("/api/v1/notifications")).mail.address).toBeNull();
  expect((await fetch(link, { method: "POST" })).status).toBe(200);

  const files = await tidemark.sandbox.places(ACCOUNT);
  await tidemark.sandbox.mutate(ACCOUNT, files.slice(0, 30).map(({ path }) => ({ op: "delete", path }))); // prettier-ignore
  await client.send("POST", `/api/v1/syncs/${syncId}/run`, {});
  const held = await eventually("The webhook", async () => came.find(({ body }) => body.includes("run.held")));
  const event = new Webhook(secret).verify(held.body, held.headers) as {
    type: string;
    data: { syncId: string; held: number; runId: string };
  };
  expect(event).toMatchObject({ type: "run.held", data: { syncId, held: 30 } });
  expect(held.body).not.toContain(files[0]?.path.split("/").at(-1));
  const mail = await eventually("The mail", async () =>
    (await mailsTo(ADDRESS)).find(({ subject }) => subject.startsWith("Removals wait")),
  );
  expect(mail.text).toContain(`${tidemark.origin}/app/runs/${event.data.runId}`);
  expect(mail.headers?.["List-Unsubscribe"]).toContain("/mail/unsubscribe/");
  expect(await mailsTo(ADDRESS), "the link, and one about the removal").toHaveLength(2);
});

const missing = browserMissing();

describe.skipIf(missing !== undefined)(`in a browser${missing ? ` (${missing})` : ""}`, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
  });

  afterAll(() => browser?.close());

  it("a person adds a webhook, keeps its secret, tests it, sees how that went, and chooses their mail", async () => {
    const { page, context } = await newVisitor(browser, tidemark.origin);
    await page.goto(`/auth/microsoft/login?login_hint=hooked@contoso.example`);
    await page.waitForURL("**/app");
    await page.goto("/app/settings/notifications");
    await page.getByText("No program is told of anything yet.").waitFor();

    await page.getByRole("button", { name: "Add a webhook" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Address").fill(`${receiver}/tested`);
    await dialog.getByLabel("Name").fill("My script");
    expect(await problemsOf(page, "notifications-add")).toEqual([]);
    await dialog.getByRole("button", { name: "Add a webhook" }).click();
    const secret = await dialog.getByLabel("Secret").inputValue();
    await dialog.getByRole("button", { name: "I have kept it" }).click();

    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByText("Delivered").waitFor();
    const test = await eventually("The test", async () => came.find(({ body }) => body.includes("webhook.test")));
    expect(new Webhook(secret).verify(test.body, test.headers)).toMatchObject({ type: "webhook.test" });
    await page.getByText("A test", { exact: true }).click();
    await page.getByText("Thank you.").waitFor();
    expect(await page.content(), "the secret is shown once").not.toContain(secret);

    const client = Client.withCookies(tidemark.origin, await context.cookies());
    await client.send("POST", "/api/v1/webhooks", { url: `${receiver}/down`, events: ["run.completed"] });
    await page.reload();
    await page.getByRole("button", { name: "Send a test" }).last().click();
    await page.getByText("Failing").waitFor();
    await page.getByText("A test", { exact: true }).click();
    await page.getByText("Not now.").first().waitFor();
    expect(await problemsOf(page, "notifications-failing")).toEqual([]);

    await page.getByLabel("Your address").fill("hooked@mail.example");
    await page.getByRole("button", { name: "Send the link" }).click();
    await page.getByText("A link was sent to hooked@mail.example").waitFor();
    await page.getByLabel("The quota is reached", { exact: false }).first().uncheck();
    await page.getByText("Saved.").waitFor();
    const { mail } = await client.get<{ mail: { kinds: Record<string, boolean> } }>("/api/v1/notifications");
    expect(mail.kinds).toMatchObject({ quota: false, held: true });
    expect(await problemsOf(page, "notifications-mail")).toEqual([]);
  });
});
