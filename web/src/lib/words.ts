// What states, reasons and schedules are called on the page. Pure.
import { formatNumberOf } from "./format.ts";
import type { Connection, FailureKind, HeldFolder, Item, ItemState, Run, Schedule, SkipReason } from "./wire.ts";

/** How much attention something asks for; colours and icons follow it. */
export type Tone = "calm" | "active" | "good" | "warn" | "bad";

export interface Words {
  label: string;
  tone: Tone;
  /** A sentence, where the label alone leaves a question. */
  detail?: string;
}

export const ITEM_STATES: Record<ItemState, Words> = {
  stored: { label: "Stored", tone: "good" },
  pending: { label: "On its way", tone: "active", detail: "It will be copied in this run." },
  failed: { label: "Failed", tone: "bad" },
  skipped: { label: "Skipped", tone: "warn" },
  excluded: { label: "Left out", tone: "calm" },
  held: { label: "Held", tone: "warn", detail: "The source says that it is gone, with much else. It stays until someone decides." },
  unreachable: { label: "Unreachable", tone: "warn", detail: "The source no longer shows it to us. The stored copy is kept." },
  removed: { label: "Removed", tone: "calm", detail: "It was removed at the source." },
};

/** The states that a list can be narrowed to. */
export const FILTERS = [
  "stored",
  "pending",
  "failed",
  "skipped",
  "excluded",
  "held",
  "unreachable",
  "removed",
] as const satisfies ItemState[];

type Reason = FailureKind | SkipReason | "malformed" | "metadata_only" | ExclusionReason | HeldReason | "quota" | "lost" | "damaged";
/** Why the rules leave an item out. */
type ExclusionReason = "not_selected" | "type" | "glob" | "size" | "date" | "unplaced";

const REASONS: Record<Reason, string> = {
  too_large: "Larger than what one object can be.",
  malware: "The source marks it as malware and does not hand it out.",
  notebook: "A notebook: the source has no single file of it to hand out.",
  shortcut: "A shortcut to something in another person's drive.",
  vault: "It is in a personal vault, which is closed to apps.",
  no_content: "It has nothing that could be downloaded, such as a link or a model that exists only in the cloud.",
  not_exportable: "The source has no file form of it that could be kept, or one that is larger than it gives out.",
  unknown_kind: "The source describes it as something that is neither file nor folder.",
  metadata_only: "Only names, sizes and dates are kept; the content was not asked for.",
  not_selected: "It lies outside of what was chosen.",
  type: "Files of this type are left out.",
  glob: "Its path is left out by a pattern.",
  size: "It is larger than the limit for what is kept.",
  date: "Its last change lies outside of the dates that are kept.",
  unplaced: "Its folder is not known yet; what is chosen goes by folders.",
  many_removals: "The source says that it is gone, with very much else at once.",
  sentinel_missing: "The source says that it is gone, and so is the path that proves the source is whole.",
  emptied: "The source says that everything is gone.",
  excluded: "Changed rules leave it out, with very much else at once.",
  quota: "The storage that this account may use is full.",
  lost: "The stored copy was found missing, and the source no longer has it.",
  damaged: "The stored copy was found damaged, and the source no longer has it.",
  malformed: "The source’s description of it could not be read.",
  auth: "The source no longer accepts the sign-in.",
  throttled: "The source asked us to slow down.",
  transient: "The source could not hand it out just now.",
  loop: "The source’s list of files leads round in circles.",
  not_found: "The source listed it, but it was not there when it was fetched.",
  cursor_expired: "The source forgot how far it was read; it is being read again.",
  forbidden: "The source refuses to hand it out to this account.",
  blocked: "A policy at the source blocks it.",
  unsupported: "The source cannot hand it out.",
  expired_url: "Its download address ran out before it was fetched.",
  operator: "This installation’s registration at the source needs attention.",
  fatal: "What the source sent was not the file it announced.",
  storage: "Our storage did not take it.",
};

type HeldReason = HeldFolder["reasons"][number];

/** Why an item is here though the source no longer has it. */
export const KEPT: Record<NonNullable<Item["kept"]>, string> = {
  restored: "The source no longer has it. It was restored, and stays.",
  discarded: "The source no longer has it. Its removal was turned down, and it stays.",
  option: "The source no longer has it. This sync keeps what the source removes.",
};

/** A reason in a sentence; one that is not known here is shown as it came. */
export function reasonText(reason: string | null): string {
  if (reason === null) return "No reason was given.";
  return Object.hasOwn(REASONS, reason) ? REASONS[reason as Reason] : reason;
}

export const RUN_STATUSES: Record<Run["status"], Words> = {
  pending: { label: "Starting", tone: "active" },
  running: { label: "Running", tone: "active" },
  completed: { label: "Completed", tone: "good" },
  incomplete: { label: "Incomplete", tone: "warn", detail: "Some files could not be stored; each is listed with its reason." },
  held: { label: "Held", tone: "warn", detail: "So much would be removed that a decision is asked for first." },
  failed: { label: "Failed", tone: "bad" },
  cancelled: { label: "Cancelled", tone: "calm", detail: "What was already stored is kept; the rest is the next run's." },
};

export const RUN_TYPES: Record<Run["type"], string> = { full: "Full check", incremental: "Changes", verify: "Verification" };

const RUN_TRIGGERS: Record<Run["trigger"], string> = {
  created: "at the beginning",
  schedule: "on schedule",
  webhook: "announced by the source",
  manual: "by hand",
  api: "by a program",
  retry: "another try",
  verify: "by hand",
};

/** What kind of run it is, and why it is made: "Changes, announced by the source". */
export function runName({ type, trigger }: Pick<Run, "type" | "trigger">): string {
  return trigger === "created" ? "First copy" : `${RUN_TYPES[type]}, ${RUN_TRIGGERS[trigger]}`;
}

export const RUN_PHASES: Record<Run["phase"], string> = {
  listing: "Reading the list of files",
  planning: "Comparing with what is here",
  downloading: "Copying",
  finishing: "Finishing",
};

export const PHASES = ["listing", "planning", "downloading", "finishing"] as const satisfies Run["phase"][];

export const CONNECTION_STATUSES: Record<Connection["status"], Words> = {
  active: { label: "Connected", tone: "good" },
  needs_reconnect: {
    label: "Needs reconnecting",
    tone: "warn",
    detail: "The source no longer accepts the sign-in. Nothing is lost: reconnect, and it goes on.",
  },
  revoked: { label: "Disconnected", tone: "calm", detail: "Nothing new arrives. The copies stay readable." },
  error: { label: "Not working", tone: "bad" },
};

export function isActive(run: Pick<Run, "status">): boolean {
  return run.status === "pending" || run.status === "running";
}

/** The usual ones. */
export const INTERVALS_MINUTES = [5, 15, 30, 60, 360, 720, 1440] as const;

/** "every hour", "at 0 3 * * * (Europe/Berlin)", "on no schedule". */
export function scheduleText(schedule: Schedule): string {
  switch (schedule.kind) {
    case "manual":
      return "on no schedule";
    case "cron":
      return `at ${schedule.cron} (${schedule.timeZone})`;
    case "interval":
      return `every ${intervalText(schedule.minutes)}`;
  }
}

function intervalText(minutes: number): string {
  if (minutes % 1440 === 0) return minutes === 1440 ? "day" : formatNumberOf(minutes / 1440, "day");
  if (minutes % 60 === 0) return minutes === 60 ? "hour" : formatNumberOf(minutes / 60, "hour");
  return minutes === 1 ? "minute" : formatNumberOf(minutes, "minute");
}
