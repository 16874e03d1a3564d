import { exclusionWords, keptWords, reasonWords } from "./explain-words.ts";
import type { ItemRow } from "./item.ts";
import { FILE, FOLDER } from "./item.ts";
import type { Wantedness } from "./rules.ts";

// Why an item is, or is not, here: from what is stored, no word of the source. No I/O.

export interface Fact {
  code: string;
  message: string;
  /** When it was, or will be; milliseconds since 1970. */
  at?: number;
  /** Of a run, a rule, a content. */
  detail?: string;
}

export interface Explained {
  /** Whether its content, or a folder itself, is in the mirror. */
  here: boolean;
  summary: string;
  facts: Fact[];
}

export interface Known {
  row: ItemRow & { storedSha256: string | null; storedAt: number | null; storedDiffers: number | null; restoredFrom: number | null };
  /** What the rules say today. */
  wanted: Wantedness;
  sync: { mode: "content" | "metadata"; retentionDays: number; alarmed: boolean };
  /** The run that last changed the row, as far as it is known. */
  run: { id: string; at: number } | null;
  /** The newest content that is kept as a version. */
  version: { endedAt: number; endedBy: string } | null;
  /** What the sync's work waits for now. */
  waitingFor: { reason: string; until: number | null } | null;
  /** Files from this size on are fetched in parts. */
  largeBytes: number;
}

const DAY_MILLISECONDS = 86_400_000;

export function explain(known: Known): Explained {
  const { row } = known;
  const summary = summaryOf(known);
  const facts = [seen(row), ...stateFacts(known), ...storedFacts(known), ...runFacts(known)];
  return { ...summary, facts };
}

function summaryOf({ row, wanted, sync, version }: Known): { here: boolean; summary: string } {
  const what = row.kind === FOLDER ? "folder" : "file";
  // What is damaged is not in the mirror, as a receipt has it.
  const older = row.storedId !== null && row.reason !== "damaged";
  switch (row.state) {
    case "stored":
      if (row.kept !== null) return { here: true, summary: `It is here although the source no longer has it: ${keptWords(row.kept)}.` };
      if (row.restoredFrom !== null) return { here: true, summary: "It is here, with an older content that was restored." };
      return { here: true, summary: row.kind === FOLDER ? "The folder is here." : "It is here, as the source has it." };
    case "pending":
      return older
        ? { here: true, summary: "It is here with an older content; the new one is on its way." }
        : { here: false, summary: "It is not here yet: its content is on its way." };
    case "failed":
      return older
        ? { here: true, summary: `It is here with an older content. ${reasonWords(row.reason)}.` }
        : { here: false, summary: `It is not here: ${lower(reasonWords(row.reason))}.` };
    case "skipped":
      return { here: older, summary: `Its ${older ? "newer " : ""}content cannot be kept: ${lower(reasonWords(row.reason))}.` };
    case "excluded":
      if (row.reason === "metadata_only" || sync.mode === "metadata")
        return { here: false, summary: "Its name and dates are kept; contents were not asked for." };
      return {
        here: false,
        summary: wanted.wanted ? "Rules left it out, and now let it in: it will be fetched." : `${exclusionWords(wanted)}.`,
      };
    case "held":
      return { here: true, summary: `It is still here. Its removal waits for your decision: ${reasonWords(row.reason)}.` };
    case "unreachable":
      return { here: older, summary: `The source refuses to show it to this account.${older ? " What was stored is kept." : ""}` };
    case "removed":
      return { here: false, summary: version ? `The ${what} was removed at the source. Its content is still kept.` : `The ${what} was removed at the source.` }; // prettier-ignore
  }
}

function seen(row: ItemRow): Fact {
  if (row.state === "removed") return { code: "removed", message: "The removal took effect then.", at: row.seenAt };
  return { code: "seen", message: "The source last reported a change of it then.", at: row.seenAt };
}

function stateFacts(known: Known): Fact[] {
  const { row, wanted, sync, version, waitingFor, largeBytes } = known;
  const facts: Fact[] = [];
  const add = (code: string, message: string, more: Omit<Fact, "code" | "message"> = {}) => facts.push({ code, message, ...more });
  if (row.state === "excluded" && row.reason !== "metadata_only" && !wanted.wanted)
    add("left_out", `${exclusionWords(wanted)}.`, { detail: wanted.detail });
  if (row.state === "excluded" && row.reason === "metadata_only") add("listed_only", "Only names, sizes and dates are kept.");
  if (row.state === "failed" || row.state === "skipped") add(row.state, `${reasonWords(row.reason)}.`, { detail: row.reason ?? "" });
  if (row.attempts > 0) add("attempts", `${row.attempts} ${row.attempts === 1 ? "attempt" : "attempts"} at this content failed.`);
  if (row.nextAttemptAt !== null) add("next_attempt", "It is tried again then.", { at: row.nextAttemptAt });
  else if (row.state === "failed" && row.kept !== null) add("next_attempt", "It is fetched if the source has it again.");
  else if (row.state === "failed") add("next_attempt", "It is tried again when the source changes it, or when you ask for it.");
  if (row.state === "pending") add("pending", "Its content is queued, or being fetched.", { detail: row.pendingJob ?? "" });
  if (row.state === "pending" && row.size !== null && row.size >= largeBytes)
    add("parts", "It is large: it is fetched in parts, and each part that is here stays.");
  if ((row.state === "pending" || row.state === "failed") && waitingFor) {
    const message = `Nothing is fetched right now: ${lower(reasonWords(waitingFor.reason))}.`;
    add("waiting", message, waitingFor.until === null ? {} : { at: waitingFor.until });
  }
  if (row.state === "held") add("held", `Its removal is held back: ${reasonWords(row.reason)}.`, { detail: row.reason ?? "" });
  if (row.state === "unreachable") add("unreachable", "The source refuses to show it; it is kept, and no longer followed.");
  if (row.kept !== null) add("kept", `It is kept though the source no longer has it: ${keptWords(row.kept)}.`, { detail: row.kept });
  if ((row.state === "removed" || row.state === "excluded") && version) facts.push(keptUntil(version.endedAt, sync));
  return facts;
}

function keptUntil(endedAt: number, { retentionDays, alarmed }: Known["sync"]): Fact {
  if (alarmed) return { code: "kept_until", message: "Its content is kept until someone confirms that most files were meant to change." };
  return { code: "kept_until", message: "Its last content can be restored until then.", at: endedAt + retentionDays * DAY_MILLISECONDS };
}

function storedFacts({ row }: Known): Fact[] {
  if (row.kind !== FILE || row.storedId === null || row.storedAt === null) return [];
  const facts: Fact[] = [{ code: "content", message: `${row.storedSize ?? 0} bytes were stored then.`, at: row.storedAt, detail: row.storedSha256 ?? "" }]; // prettier-ignore
  if (row.storedDiffers === 1)
    facts.push({ code: "differs", message: "The source serves other bytes than it announces; what it served is what is stored." });
  if (row.restoredFrom !== null)
    facts.push({ code: "restored", message: `The content is that of version ${row.restoredFrom}, until the source's content changes.` });
  return facts;
}

function runFacts({ run }: Known): Fact[] {
  return run ? [{ code: "run", message: "This run last changed what is known of it.", at: run.at, detail: run.id }] : [];
}

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
