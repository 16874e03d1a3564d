import { describe, expect, it } from "vitest";
import type { Known } from "../../worker/sync/explain.ts";
import { explain } from "../../worker/sync/explain.ts";
import { ITEM_STATES, rowOf } from "../../worker/sync/item.ts";
import { chainAbove } from "../../worker/sync/chains.ts";
import { compileRules, wantedness } from "../../worker/sync/wanted.ts";
import { WANTED } from "../../worker/sync/rules.ts";

const AT = Date.parse("2026-03-01T00:00:00Z");
const DAY = 86_400_000;
const STORED = { storedId: "content", storedSize: 3, storedSha256: "abc", storedAt: AT + 5 };

function known(row: Partial<Known["row"]>, more: Partial<Omit<Known, "row">> = {}): Known {
  const plain = rowOf({ id: "x", kind: "file", name: "x.pdf", parentId: "f", size: 3 }, undefined, AT);
  return {
    row: { ...plain, storedSha256: null, storedAt: null, storedDiffers: null, restoredFrom: null, ...row },
    wanted: WANTED,
    sync: { mode: "content", retentionDays: 30, alarmed: false },
    run: null,
    version: null,
    waitingFor: null,
    largeBytes: 1_000,
    ...more,
  };
}

const said = (row: Partial<Known["row"]>, more: Partial<Omit<Known, "row">> = {}) => explain(known(row, more));
const codes = (row: Partial<Known["row"]>, more: Partial<Omit<Known, "row">> = {}) => said(row, more).facts.map((fact) => fact.code);

describe("an explanation", () => {
  it.each(ITEM_STATES)("of a file that is %s is a sentence, and says when it was seen or removed", (state) => {
    for (const reason of [null, "forbidden", "a reason of tomorrow"]) {
      const { summary, facts } = said({ state, reason });
      expect(summary).toMatch(/^[A-Z].*\.$/);
      expect(summary).not.toMatch(/undefined|null|\.\./);
      expect(facts[0]).toMatchObject({ code: state === "removed" ? "removed" : "seen", at: AT });
    }
  });

  it("of a stored file names when, how much, and its SHA-256", () => {
    const { here, facts } = said({ state: "stored", ...STORED }, { run: { id: "run1", at: AT } });
    expect(here).toBe(true);
    expect(facts).toContainEqual({ code: "content", message: "3 bytes were stored then.", at: AT + 5, detail: "abc" });
    expect(facts).toContainEqual({ code: "run", message: "This run last changed what is known of it.", at: AT, detail: "run1" });
  });

  it("says that the source serves other bytes than it announces", () => {
    expect(codes({ state: "stored", ...STORED, storedDiffers: 1 })).toContain("differs");
  });

  it("of a new content on its way says that the older one is here", () => {
    expect(said({ state: "pending", ...STORED })).toMatchObject({ here: true, summary: expect.stringContaining("older content") });
    expect(said({ state: "pending" })).toMatchObject({ here: false });
  });

  it.each([
    ["throttled", "asked us to slow down"],
    ["paused", "paused"],
    ["reconnect", "sign in"],
    ["quota", "no room"],
    ["retry", "failed"],
  ])("of a file on its way says that the work waits: %s", (reason, words) => {
    const waiting = said({ state: "pending" }, { waitingFor: { reason, until: AT + 9 } }).facts.find((fact) => fact.code === "waiting");
    expect(waiting).toMatchObject({ message: expect.stringContaining(words), at: AT + 9 });
    expect(codes({ state: "stored", ...STORED }, { waitingFor: { reason, until: null } })).not.toContain("waiting");
  });

  it("of a large file on its way says that it comes in parts", () => {
    expect(codes({ state: "pending", size: 1_000 })).toContain("parts");
    expect(codes({ state: "pending", size: 999 })).not.toContain("parts");
  });

  it("of a failed file names the reason, the attempts and the next one", () => {
    const { here, summary, facts } = said({ state: "failed", reason: "forbidden", attempts: 3, nextAttemptAt: AT + DAY });
    expect({ here, summary }).toEqual({ here: false, summary: "It is not here: the source refuses to hand it out to this account." });
    expect(facts).toContainEqual({ code: "attempts", message: "3 attempts at this content failed." });
    expect(facts).toContainEqual({ code: "next_attempt", message: "It is tried again then.", at: AT + DAY });
  });

  it("of a failed file that waits for the source says so", () => {
    const fact = said({ state: "failed", reason: "unsupported" }).facts.find(({ code }) => code === "next_attempt");
    expect(fact).toMatchObject({ message: expect.stringContaining("when the source changes it") });
    expect(fact).not.toHaveProperty("at");
  });

  it.each([
    ["lost", {}],
    ["damaged", STORED],
  ])("of a kept file whose content was found %s does not promise that it is fetched", (reason, stored) => {
    const { here, summary, facts } = said({ state: "failed", reason, kept: "option", ...stored });
    expect({ here, summary }).toEqual({ here: false, summary: expect.stringContaining("the source no longer has it") });
    expect(`${summary} ${facts.map((fact) => fact.message).join(" ")}`).not.toMatch(/fetched again|older content|when you ask/);
    expect(facts).toContainEqual({ code: "next_attempt", message: "It is fetched if the source has it again." });
  });

  it("of a skipped file names why", () => {
    expect(said({ state: "skipped", reason: "malware" }).summary).toContain("malware");
  });

  it("of a file of which only the metadata is kept does not speak of rules", () => {
    expect(codes({ state: "excluded", reason: "metadata_only" })).toContain("listed_only");
  });

  it("of a held item says why its removal waits", () => {
    const { here, summary } = said({ state: "held", reason: "many_removals", ...STORED });
    expect(here).toBe(true);
    expect(summary).toContain("too much was gone at once");
  });

  it("of an unreachable item says that what was stored is kept", () => {
    expect(said({ state: "unreachable", reason: "forbidden", ...STORED })).toMatchObject({
      here: true,
      summary: expect.stringContaining("is kept"),
    });
  });

  it.each([["restored"], ["discarded"], ["option"]] as const)(
    "of an item that the source no longer has says why it is kept: %s",
    (kept) => {
      const { here, facts } = said({ state: "stored", kept, ...STORED });
      expect(here).toBe(true);
      expect(facts).toContainEqual(expect.objectContaining({ code: "kept", detail: kept }));
    },
  );

  it("of a restored content names the version", () => {
    expect(said({ state: "stored", restoredFrom: 2, ...STORED }).facts).toContainEqual(
      expect.objectContaining({ code: "restored", message: expect.stringContaining("version 2") }),
    );
  });

  it("of a removed file says until when its content is kept", () => {
    const version = { endedAt: AT, endedBy: "removed" };
    const until = said({ state: "removed", ...STORED }, { version }).facts.find((fact) => fact.code === "kept_until");
    expect(until?.at).toBe(AT + 30 * DAY);
    const alarmed = said({ state: "removed" }, { version, sync: { mode: "content", retentionDays: 30, alarmed: true } });
    expect(alarmed.facts.find((fact) => fact.code === "kept_until")).not.toHaveProperty("at");
    expect(codes({ state: "removed" })).not.toContain("kept_until");
  });
});

describe("an item that the rules leave out is explained by the very rule", () => {
  const links = new Map([
    ["root", { parentId: null, name: "root" }],
    ["f", { parentId: "root", name: "Private" }],
  ]);
  it.each([
    { rules: { filters: { exclude: ["*.pdf"] } }, words: "*.pdf" },
    { rules: { filters: { excludeTypes: ["pdf"] } }, words: "pdf" },
    { rules: { filters: { maxBytes: 2 } }, words: "at most 2 bytes" },
    { rules: { filters: { modifiedBefore: AT - DAY } }, words: "after 2026-02-28" },
    { rules: { selection: [{ itemId: "f", mode: "exclude" as const }] }, words: "“Private”" },
    { rules: { selection: [{ itemId: "other", mode: "include" as const }] }, words: "nothing above it is selected" },
  ])("$words", ({ rules, words }) => {
    const row = { ...known({}).row, modifiedAt: AT };
    const wanted = wantedness(row, chainAbove(row.parentId, links), compileRules({ selection: [], filters: {}, ...rules }));
    const { here, summary, facts } = said({ state: "excluded", reason: wanted.wanted ? null : wanted.reason }, { wanted });
    expect(here).toBe(false);
    expect(summary).toContain(words);
    expect(facts.map((fact) => fact.code)).toContain("left_out");
  });
});
