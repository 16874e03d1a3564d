import { connect } from "cloudflare:sockets";
import { expect, test } from "vitest";
import { imap } from "../../worker/providers/imap/imap.ts";
import type { Entry, Provider } from "../../worker/providers/provider.ts";
import { DEVELOPMENT } from "../support/mail-account.ts";
import { applyRound, pathsOf } from "./contract.ts";

// The sandbox's mail server, as servers of several kinds: one that tells of all changes, one that only counts them, one that knows nothing of the kind.

const CONTROL = "https://sandbox.test/_sandbox/mail";

async function control<T>(path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${CONTROL}${path}`, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}

async function open(profile: "full" | "condstore" | "plain"): Promise<{ account: string; provider: Provider }> {
  const { port } = await control<{ port: number }>("/profile", { profile });
  const account = `imap-${crypto.randomUUID().slice(0, 8)}@mailbox.example`;
  const fields = { host: "localhost", port: String(port), security: "none", user: account, password: "sandbox" };
  const context = { fetch, connect, now: Date.now, accessToken: async () => "", fields: async () => fields };
  return { account, provider: imap.create(DEVELOPMENT, context) };
}

const numbersOf = (known: Map<string, Entry>) => pathsOf(known).flatMap((path) => /\((\d+)\)\.eml /.exec(path)?.[1] ?? []).map(Number).toSorted((a, b) => a - b); // prettier-ignore

test.each(["full", "condstore", "plain"] as const)("a server of the kind “%s” is followed through all that happens", async (profile) => {
  const { account, provider } = await open(profile);
  expect((await provider.feeds()).map(({ id }) => id)).toEqual(["INBOX", "Archive", "Archive/2025", "Projects/Größe & Gewicht", "Sent"]);
  const known = new Map<string, Entry>();
  let cursor = await applyRound(provider, "INBOX", null, known);
  expect(numbersOf(known)).toEqual([1, 2, 3, 4]);
  for (const entry of known.values()) {
    if (entry.kind !== "file") continue;
    const { body } = await provider.open({ id: entry.id, feedId: "INBOX" });
    const bytes = await new Response(body).arrayBuffer();
    expect(bytes.byteLength).toBe(entry.size ?? bytes.byteLength);
    expect(bytes.byteLength).toBeGreaterThan(0);
  }
  await control(`/${account}/expunge`, { uids: [2] });
  await control(`/${account}/deliver`, { subject: "news", files: { "a.txt": "a" } });
  cursor = await applyRound(provider, "INBOX", cursor, known);
  expect(numbersOf(known)).toEqual([1, 3, 4, 5]);
  expect([...known.values()].map(({ name }) => name)).toContain("a.txt");
  await control(`/${account}/move`, { uids: [5], to: "Archive" });
  cursor = await applyRound(provider, "INBOX", cursor, known);
  expect(numbersOf(known)).toEqual([1, 3, 4]);
  expect([...known.values()].map(({ name }) => name)).not.toContain("a.txt");
  const quiet = await provider.changes("INBOX", cursor);
  expect(quiet).toMatchObject({ changes: [], more: false });
  await control(`/${account}/renumber`, {});
  await expect(provider.changes("INBOX", quiet.cursor)).rejects.toMatchObject({ kind: "cursor_expired" });
});
