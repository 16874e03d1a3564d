import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ProviderErrorKind } from "../../worker/providers/errors.ts";
import type { Entry } from "../../worker/providers/provider.ts";
import { MailFollower } from "../support/mail-follower.ts";
import { PROFILES, SandboxMail } from "../support/sandbox-mail.ts";
import { applyRound } from "./contract.ts";

// The sandbox's mail server, as servers of several kinds, with what goes wrong at them.

const RUNS = 3;
const BOXES = ["INBOX", "Archive"] as const;
const SIGN_IN = /connections|sign-in/;
/** What each of them means; in the mailbox nothing of it changes anything. */
const FAULTS: [name: string, kind: ProviderErrorKind, message: string][] = [
  ["mail-too-many-connections", "throttled", "has had enough of us for now. It says: Too many simultaneous connections."],
  ["mail-sign-in-unavailable", "transient", "Temporary authentication failure"],
  ["mail-over-quota", "throttled", "Account exceeded command or bandwidth limits"],
  ["mail-server-error", "transient", "answered NO [SERVERBUG]"],
  ["mail-goodbye", "transient", "The connection to localhost broke"],
  ["mail-cut", "transient", "The connection to localhost broke"],
];

test.each(PROFILES)("folders of a server of the kind “%s” are feeds, and mails and attachments their files", async (profile) => {
  const mail = await SandboxMail.open(profile);
  const provider = mail.provider();
  expect((await provider.feeds()).map(({ id }) => id)).toEqual(["INBOX", "Archive", "Archive/2025", "Projects/Größe & Gewicht", "Sent"]);
  const known = new Map<string, Entry>();
  await applyRound(provider, "INBOX", null, known);
  const files = [...known.values()].filter(({ kind }) => kind === "file");
  expect(files).toHaveLength(6);
  for (const { id, size } of files) {
    const bytes = await new Response((await provider.open({ id, feedId: "INBOX" })).body).arrayBuffer();
    expect(bytes.byteLength).toBe(size ?? bytes.byteLength);
    expect(bytes.byteLength).toBeGreaterThan(0);
  }
});

describe("a mail server that", () => {
  test.each(FAULTS)("has %s is asked again later, and nothing is taken for removed", async (name, kind, message) => {
    const mail = await SandboxMail.open();
    const provider = mail.provider();
    const known = new Map<string, Entry>();
    const cursor = await applyRound(provider, "INBOX", null, known);
    await mail.fault(name, { times: 1, ...(!SIGN_IN.test(name) && { match: { method: "EXAMINE" } }) });
    const error: unknown = await provider.changes("INBOX", cursor).catch((problem: unknown) => problem);
    expect(error).toMatchObject({ kind });
    expect(String(error)).toContain(message);
    expect(await provider.changes("INBOX", cursor)).toMatchObject({ changes: [], more: false });
  });

  test("has locked the account says so, and is not asked again with the same password", async () => {
    const mail = await SandboxMail.open();
    await mail.fault("mail-locked-out", { times: 1 });
    const provider = mail.provider();
    for (let times = 0; times < 2; times += 1) {
      const error: unknown = await provider.account().catch((problem: unknown) => problem);
      expect(error).toMatchObject({ kind: "auth" });
      expect(String(error)).toContain("refers to its administrator. It says: The account is locked.");
    }
    expect(await mail.asked()).toEqual({});
  });

  test("lists fewer mails than it has is not believed, whether all of them are asked for or what has changed", async () => {
    const mail = await SandboxMail.open("plain");
    const provider = mail.provider();
    const cursor = await applyRound(provider, "INBOX", null, new Map());
    await mail.call("expunge", { uids: [1] });
    await mail.fault("mail-not-listed", { match: { item: "^3$" } });
    const short = { kind: "transient", message: "The server lists 2 mails of 3 that it says are in the mailbox." };
    await expect(provider.changes("INBOX", null)).rejects.toMatchObject(short);
    await expect(provider.changes("INBOX", cursor)).rejects.toMatchObject(short);
  });

  test("lists a mail and says nothing of it has it told of as unreadable, looked up without an answer, and read later", async () => {
    const mail = await SandboxMail.open("condstore");
    const provider = mail.provider();
    await mail.fault("mail-not-described", { match: { item: "^3$" } });
    const first = await provider.changes("INBOX", null);
    const id = first.changes.flatMap((change) => (change.type === "malformed" ? (change.id ?? "") : []));
    expect(id).toEqual([expect.stringMatching(/\.3$/)]);
    expect(await provider.lookup("INBOX", id)).toEqual([]);
    await mail.mend();
    expect(await provider.changes("INBOX", first.cursor)).toMatchObject({ changes: [{ type: "upsert", entry: { id: id[0] } }, {}, {}] });
  });
});

interface Step {
  what: "deliver" | "expunge" | "move" | "renumber" | "fault" | "round";
  box: number;
  pick: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom("deliver", "deliver", "expunge", "expunge", "move", "renumber", "fault", "round", "round"),
  box: fc.nat(1),
  pick: fc.nat(99),
});

test.each(PROFILES)(
  "whatever happens in the mailboxes, and goes wrong on the way, a server of the kind “%s” is followed exactly",
  async (profile) => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 14 }), async (steps) => {
      const mail = await SandboxMail.open(profile, { empty: true });
      const followers = BOXES.map((box) => new MailFollower(mail, box));
      for (const each of steps) {
        if (each.what === "round") for (const follower of followers) await expectFollowed(follower);
        else await play(mail, each);
      }
      await mail.mend();
      for (const follower of followers) {
        // The first one may only find that the numbers are new.
        if (!(await expectFollowed(follower))) expect(await expectFollowed(follower)).toBe(true);
        expect(follower.unreadable).toEqual([]);
      }
    });
    await fc.assert(property, { numRuns: RUNS, endOnFailure: true });
  },
);

/** Whether a round came to its end. Then what is known is what is there, but for what was told to be unreadable. */
async function expectFollowed(follower: MailFollower): Promise<boolean> {
  const problem = await follower.follow();
  if (problem !== null) expect(["throttled", "transient", "cursor_expired"]).toContain(problem);
  else expect([...follower.known, ...follower.unreadable].toSorted()).toEqual(await follower.there());
  return problem === null;
}

async function play(mail: SandboxMail, { what, box: n, pick }: Step): Promise<void> {
  const box = BOXES[n] ?? "INBOX";
  const uids = ((await mail.boxes()).find(({ path }) => path === box)?.mails ?? []).map(({ uid }) => uid);
  const chosen = uids.slice(pick % Math.max(1, uids.length)).slice(0, 1 + (pick % 2));
  if (what === "deliver") await mail.call("deliver", { box, subject: `mail ${pick}`, files: pick % 2 === 0 ? { "a.txt": "a" } : {} });
  if (what === "expunge") await mail.call("expunge", { box, uids: chosen });
  if (what === "move") await mail.call("move", { box, uids: chosen, to: BOXES[1 - n] });
  if (what === "renumber") await mail.call("renumber", { box });
  if (what !== "fault") return;
  const names = [...FAULTS.map(([name]) => name), "mail-not-listed", "mail-not-described"];
  await mail.fault(names[pick % names.length] ?? "", { times: 1 + (pick % 3) });
}
