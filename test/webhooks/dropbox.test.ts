import { env } from "cloudflare:workers";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { beforeAll, describe, expect, it } from "vitest";
import { insertConnection } from "../../worker/db/connections.ts";
import { accounts } from "../../worker/db/client.ts";
import { connectionsOfAccounts } from "../../worker/db/wakes.ts";
import { randomId } from "../../worker/ids.ts";
import type { WakeMessage } from "../../worker/webhooks/wake-message.ts";
import { countingDatabase } from "../db/counting.ts";
import { control } from "../providers/control.ts";
import { SandboxDropbox } from "../providers/sandbox-dropbox.ts";
import { call, errorCode } from "../routes/client.ts";
import { recordingQueue } from "./recording-queue.ts";

const SECRET = "sandbox-secret";
const ACCOUNT = `dbid:${randomId()}`;
const OTHER = `dbid:${randomId()}`;

interface Connected {
  userId: string;
  connectionId: string;
}

async function connect(accountId: string, more: { provider?: string; status?: "active" | "revoked" } = {}): Promise<Connected> {
  const subject = { userId: randomId(), connectionId: randomId() };
  await insertConnection(accounts(env), subject.userId, {
    id: subject.connectionId,
    provider: more.provider ?? "dropbox",
    accountId,
    accountEmail: null,
    label: "Dropbox",
    authType: "oauth2",
    status: more.status ?? "active",
    scopes: [],
    lastValidatedAt: null,
    createdAt: Date.now(),
  });
  return subject;
}

async function sign(body: string, secret = SECRET): Promise<string> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return encodeHexLowerCase(new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(body))));
}

async function deliver(body: string, signature?: string) {
  const queue = recordingQueue<WakeMessage>();
  const headers = { "content-type": "application/json", "x-dropbox-signature": signature ?? (await sign(body)) };
  const response = await call("/webhooks/dropbox", { method: "POST", body, env: { WAKES: queue.queue }, headers });
  return { response, status: response.status, wakes: queue.messages(), batches: queue.batches() };
}

const notification = (...ids: string[]) => JSON.stringify({ list_folder: { accounts: ids }, delta: { users: ids.map((_, n) => n) } });

let one: Connected;
let two: Connected;
let other: Connected;

beforeAll(async () => {
  one = await connect(ACCOUNT);
  two = await connect(ACCOUNT);
  other = await connect(OTHER);
  await connect(ACCOUNT, { status: "revoked" });
  await connect(ACCOUNT, { provider: "onedrive" });
});

describe("the challenge of the App Console", () => {
  it("comes back as it is, as plain text", async () => {
    const challenge = "abc <script>&";
    const response = await call(`/webhooks/dropbox?challenge=${encodeURIComponent(challenge)}`);
    expect([response.status, await response.text()]).toEqual([200, challenge]);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it.each(["", "?challenge=", `?challenge=${"x".repeat(1_001)}`])("is refused where it is none: %s", async (query) => {
    const response = await call(`/webhooks/dropbox${query}`);
    expect([response.status, await errorCode(response)]).toEqual([400, "request.invalid"]);
  });
});

describe("notifications", () => {
  it("wake everybody who has connected the account, for this connection", async () => {
    const { status, wakes, batches } = await deliver(notification(ACCOUNT));
    expect([status, batches]).toEqual([200, 1]);
    const wakeOf = ({ userId, connectionId }: Connected) => ({
      userId,
      wake: { reason: "webhook", connectionId, feedId: "" },
      requestId: expect.any(String),
    });
    expect(wakes).toHaveLength(2);
    expect(wakes).toEqual(expect.arrayContaining([wakeOf(one), wakeOf(two)]));
  });

  it("of several accounts, some twice and some unknown, wake each once", async () => {
    const { wakes } = await deliver(notification(ACCOUNT, OTHER, ACCOUNT, "dbid:nobody"));
    expect(wakes.map(({ userId }) => userId).toSorted()).toEqual([one, two, other].map(({ userId }) => userId).toSorted());
  });

  it("that are not signed with the app's secret are refused, and wake nobody", async () => {
    const body = notification(ACCOUNT);
    for (const signature of [
      "",
      "nonsense",
      await sign(body, "another secret"),
      await sign(`${body} `),
      (await sign(body)).toUpperCase(),
    ]) {
      const { response, wakes } = await deliver(body, signature);
      expect([response.status, await errorCode(response), wakes]).toEqual([403, "webhook.unsigned", []]);
    }
  });

  it.each([["null"], ["{}"], ["text"], ['{"list_folder":{"accounts":"x"}}'], ['{"list_folder":{"accounts":[7]}}'], [notification()]])(
    "that make no sense (%s) are answered and forgotten",
    async (body) => {
      expect(await deliver(body)).toMatchObject({ status: 200, wakes: [], batches: 0 });
    },
  );

  it("that are too large are refused", async () => {
    const { response } = await deliver(notification("x".repeat(300_000)));
    expect([response.status, await errorCode(response)]).toEqual([413, "request.body_too_large"]);
  });

  it("find accounts by a seek each, among however many connections", async () => {
    for (let n = 0; n < 50; n++) await connect(`dbid:many-${n}`);
    const counting = countingDatabase();
    expect(await connectionsOfAccounts(counting.db, "dropbox", [OTHER, "dbid:nobody"])).toEqual([other]);
    expect(counting.rowsRead()).toBeLessThan(10);
  });
});

describe("what the sandbox sends", () => {
  it("is signed as this address expects, and names the account as it is connected", { timeout: 30_000 }, async () => {
    const drive = await SandboxDropbox.open("dropbox.example", "webhook");
    const account = await drive.provider.account();
    const { userId } = await connect(account.id);
    await control("POST", "/dropbox/webhook", { url: "https://tidemark.example/webhooks/dropbox" });
    await drive.mutate({ op: "create", path: "/a.txt", bytes: 1 });
    const sent = async () =>
      ((await control("GET", `/outbox?account=${drive.account}`)) as { sent: { headers: Record<string, string>; body: string }[] }).sent;
    await expect.poll(async () => (await sent()).length, { timeout: 10_000 }).toBeGreaterThan(0);
    const [first] = await sent();
    const { status, wakes } = await deliver(first?.body ?? "", first?.headers["X-Dropbox-Signature"]);
    expect([status, wakes.map((wake) => wake.userId)]).toEqual([200, [userId]]);
  });
});
