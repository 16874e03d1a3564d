import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { randomId } from "../../worker/ids.ts";
import { createProof } from "../../worker/webhooks/proof.ts";
import type { WakeMessage } from "../../worker/webhooks/wake-message.ts";
import { control } from "../providers/control.ts";
import type { Provider } from "../../worker/providers/provider.ts";
import { invite, newRobot, SandboxAutodesk } from "../providers/sandbox-autodesk.ts";
import { call, errorCode } from "../routes/client.ts";
import { recordingQueue } from "./recording-queue.ts";

const subject = { userId: randomId(), connectionId: randomId() };
const WAKE = {
  userId: subject.userId,
  wake: { reason: "webhook", connectionId: subject.connectionId, feedId: "" },
  requestId: expect.any(String) as string,
};
const BODY = JSON.stringify({ version: "1.0", hook: { event: "dm.version.added" }, payload: { name: "a.txt" } });

const claimOf = (proof: string) => proof.slice(0, proof.lastIndexOf("."));

async function signature(token: string, body: string): Promise<string> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const key = await crypto.subtle.importKey("raw", bytes(token), { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes(body)));
  return `sha1hash=${[...mac].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

async function deliver(path: string, headers: Record<string, string>, body: string): Promise<{ status: number; wakes: WakeMessage[] }> {
  const queue = recordingQueue<WakeMessage>();
  const response = await call(`/webhooks/autodesk${path}`, { method: "POST", headers, body, env: { WAKES: queue.queue } });
  return { status: response.status, wakes: queue.messages() };
}

describe("a notification of Autodesk's", () => {
  it("that is signed with the proof whose claim its address has wakes the connection", async () => {
    const proof = await createProof(env, subject);
    const headers = { "x-adsk-signature": await signature(proof, BODY) };
    expect(await deliver(`?for=${claimOf(proof)}`, headers, BODY)).toEqual({ status: 202, wakes: [WAKE] });
  });

  it("without a signature of ours is answered as any other, and forgotten", async () => {
    const proof = await createProof(env, subject);
    const claim = claimOf(proof);
    const good = await signature(proof, BODY);
    const other = await createProof(env, { ...subject, userId: randomId() });
    const attempts: [string, Record<string, string>, string][] = [
      [`?for=${claim}`, {}, BODY],
      [`?for=${claim}`, { "x-adsk-signature": "sha1hash=" }, BODY],
      [`?for=${claim}`, { "x-adsk-signature": good.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) }, BODY],
      [`?for=${claim}`, { "x-adsk-signature": good }, `${BODY} `],
      [`?for=${claim}`, { "x-adsk-signature": await signature(claim, BODY) }, BODY],
      [`?for=${claimOf(other)}`, { "x-adsk-signature": good }, BODY],
      [`?for=${claim.replace(/[^.]+$/, "nokey")}`, { "x-adsk-signature": good }, BODY],
      [`?for=${"x".repeat(200)}`, { "x-adsk-signature": good }, BODY],
      ["", { "x-adsk-signature": good }, BODY],
    ];
    for (const [path, headers, body] of attempts) expect(await deliver(path, headers, body)).toEqual({ status: 202, wakes: [] });
  });

  it("that is too large is refused", async () => {
    const response = await call("/webhooks/autodesk", { json: "x".repeat(300_000) });
    expect([response.status, await errorCode(response)]).toEqual([413, "request.body_too_large"]);
  });
});

interface Sent {
  sent: { url: string; headers: Record<string, string>; body: string }[];
}

describe("a hook of Autodesk's", () => {
  const told = async (account: string): Promise<Sent["sent"]> => (await control<Sent>("GET", `/outbox?account=${account}`)).sent;
  const subscribed = async (provider: Provider, feedId: string) => {
    const clientState = await createProof(env, subject);
    const request = {
      feedId,
      notificationUrl: "https://tidemark.example/webhooks/autodesk",
      clientState,
      expiresAt: Date.now() + 3_600_000,
    };
    return { clientState, subscription: await provider.webhook?.subscribe(request) };
  };
  const newProject = (domain: string) => `h-${crypto.randomUUID().slice(0, 8)}@${domain}`;
  const mutate = (project: string, ...ops: object[]) => control("POST", `/drives/${project}/mutate`, { ops });

  it("tells of what happens in the project with a signature that is taken, and its address does not give the token away", async () => {
    const { account, provider } = await newRobot();
    const project = newProject("autodesk-projects.example");
    const { clientState } = await subscribed(provider, await invite(project, account));
    await mutate(project, { op: "create", path: "/Project Files/deep/a.txt", bytes: "a" });
    await expect.poll(() => told(account), { timeout: 5_000 }).not.toEqual([]);
    const [bell] = await told(account);
    const { search } = new URL(bell?.url ?? "");
    expect(`${bell?.url}${bell?.body}`).not.toContain(clientState);
    expect(await deliver(search, bell?.headers ?? {}, bell?.body ?? "")).toEqual({ status: 202, wakes: [WAKE] });
    await control("DELETE", `/outbox?account=${account}`);
    await control("POST", "/faults", { name: "autodesk-notification-forged", match: { account } });
    await mutate(project, { op: "create", path: "/Project Files/b.txt", bytes: "b" });
    await expect.poll(() => told(account), { timeout: 5_000 }).not.toEqual([]);
    const [forged] = await told(account);
    expect(await deliver(search, forged?.headers ?? {}, forged?.body ?? "")).toEqual({ status: 202, wakes: [] });
  });

  it("is made where the project's hub is, and for each folder of somebody who does not see the project's own", async () => {
    const { account, provider } = await newRobot();
    const project = newProject("autodesk-emea.example");
    await mutate(project, { op: "create", path: "/Project Files/in/a.txt", bytes: "a" });
    const { subscription } = await subscribed(provider, await invite(project, account, "/Project Files/in"));
    expect(subscription?.id).toMatch(/^EMEA\/[0-9a-f-]{36}$/);
    await mutate(
      project,
      { op: "create", path: "/Project Files/in/b.txt", bytes: "b" },
      { op: "create", path: "/Project Files/c.txt", bytes: "c" },
    );
    await expect.poll(() => told(account), { timeout: 5_000 }).toHaveLength(1);
  });

  it("is not made by a sign-in, which only reads, and says so", async () => {
    const drive = await SandboxAutodesk.open();
    const refused = { kind: "forbidden", providerCode: "AUTH-010" };
    await expect(subscribed(drive.provider, await drive.feedId())).rejects.toMatchObject(refused);
  });
});
