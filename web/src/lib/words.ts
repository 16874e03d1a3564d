// What states, reasons and schedules are called on the page. Pure.
import { m } from "./messages.ts";
import type { Connection, FailureKind, HeldFolder, Item, ItemState, Run, Schedule, SkipReason } from "./wire.ts";

const t = m.words;

/** How much attention something asks for; colours and icons follow it. */
export type Tone = "calm" | "active" | "good" | "warn" | "bad";

export interface Words {
  label: string;
  tone: Tone;
  /** A sentence, where the label alone leaves a question. */
  detail?: string;
}

export const ITEM_STATES: Record<ItemState, Words> = {
  stored: { tone: "good", ...t.states.stored },
  pending: { tone: "active", ...t.states.pending },
  failed: { tone: "bad", ...t.states.failed },
  skipped: { tone: "warn", ...t.states.skipped },
  excluded: { tone: "calm", ...t.states.excluded },
  held: { tone: "warn", ...t.states.held },
  unreachable: { tone: "warn", ...t.states.unreachable },
  removed: { tone: "calm", ...t.states.removed },
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

const REASONS: Record<Reason, string> = t.reasons;

type HeldReason = HeldFolder["reasons"][number];

/** Why an item is here though the source no longer has it. */
export const KEPT: Record<NonNullable<Item["kept"]>, string> = t.kept;

/** A reason in a sentence; one that is not known here is shown as it came. */
export function reasonText(reason: string | null): string {
  if (reason === null) return t.noReason;
  return Object.hasOwn(REASONS, reason) ? REASONS[reason as Reason] : reason;
}

export const RUN_STATUSES: Record<Run["status"], Words> = {
  pending: { tone: "active", ...t.runs.pending },
  running: { tone: "active", ...t.runs.running },
  completed: { tone: "good", ...t.runs.completed },
  incomplete: { tone: "warn", ...t.runs.incomplete },
  held: { tone: "warn", ...t.runs.held },
  failed: { tone: "bad", ...t.runs.failed },
  cancelled: { tone: "calm", ...t.runs.cancelled },
};

export const RUN_TYPES: Record<Run["type"], string> = t.runTypes;

const RUN_TRIGGERS: Record<Run["trigger"], string> = t.runTriggers;

/** What kind of run it is, and why it is made: "Changes, announced by the source". */
export function runName({ type, trigger }: Pick<Run, "type" | "trigger">): string {
  return trigger === "created" ? t.firstRun : t.run(RUN_TYPES[type], RUN_TRIGGERS[trigger]);
}

export const RUN_PHASES: Record<Run["phase"], string> = t.phases;

export const PHASES = ["listing", "planning", "downloading", "finishing"] as const satisfies Run["phase"][];

export const CONNECTION_STATUSES: Record<Connection["status"], Words> = {
  active: { tone: "good", ...t.connections.active },
  needs_reconnect: { tone: "warn", ...t.connections.needs_reconnect },
  revoked: { tone: "calm", ...t.connections.revoked },
  error: { tone: "bad", ...t.connections.error },
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
      return t.manual;
    case "cron":
      return t.cron(schedule.cron, schedule.timeZone);
    case "interval":
      return intervalText(schedule.minutes);
  }
}

function intervalText(minutes: number): string {
  if (minutes % 1440 === 0) return t.every.day(minutes / 1440);
  if (minutes % 60 === 0) return t.every.hour(minutes / 60);
  return t.every.minute(minutes);
}
