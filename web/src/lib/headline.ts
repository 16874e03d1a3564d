// What a sync has to say about itself, in one sentence. Pure.
import { formatBytes, formatCount, formatEstimate, formatMoment, formatNumberOf } from "./format.ts";
import { m } from "./messages.ts";
import type { Provider, Run, Sync, SyncStatus } from "./wire.ts";
import { isActive, type Tone } from "./words.ts";

export interface Headline {
  tone: Tone;
  title: string;
  detail: string;
  /** How high the water stands, 0 to 1: the share of the known files that is here. */
  level: number;
}

/** How far the source lets contents be verified; undefined while that is not known. */
type Hashes = Provider["hashes"] | undefined;

/** `now` is for times of day; `live` may be missing while the page loads. */
export function headline(sync: Sync, live: SyncStatus | undefined, now: Date, hashes: Hashes): Headline {
  const { tone, title, detail } = say(sync, live, now, hashes);
  return { tone, title, detail, level: waterLevel(sync, live) };
}

/** The sync's figures, which are as old as the page, brought up to what its active run has done since. */
export function liveStats(sync: Sync, live: SyncStatus | undefined): Sync["stats"] {
  const run = live?.activeRun;
  if (live === undefined || run === undefined || run === null) return sync.stats;
  const stored = Math.max(sync.stats.stored, run.progress.stored);
  const failed = Math.max(sync.stats.failed, run.progress.failed);
  const skipped = Math.max(sync.stats.skipped, run.progress.skipped);
  return {
    ...sync.stats,
    items: Math.max(sync.stats.items, run.progress.discovered),
    files: Math.max(sync.stats.files, stored + failed + skipped + live.backlog.files),
    stored,
    failed,
    skipped,
    bytes: Math.max(sync.stats.bytes, run.progress.bytes),
    sourceBytes: Math.max(sync.stats.sourceBytes, live.backlog.bytes),
  };
}

export function waterLevel(sync: Sync, live: SyncStatus | undefined): number {
  const { files, stored, held, excluded } = liveStats(sync, live);
  // What is left out is not awaited; what is held is still here.
  const known = sync.mode === "metadata" ? files : files - excluded;
  if (known === 0) return sync.upToDateAt === null && live?.upToDateAt == null ? 0 : 1;
  return Math.min(1, (stored + held) / known);
}

function say(sync: Sync, live: SyncStatus | undefined, now: Date, hashes: Hashes): Omit<Headline, "level"> {
  const run = live?.activeRun ?? (sync.lastRun && isActive(sync.lastRun) ? sync.lastRun : null);
  const waiting = live?.waitingFor ?? null;
  const status = live?.status ?? sync.status;
  const at = live?.upToDateAt ?? sync.upToDateAt;
  const upToDateAt = at === null ? null : new Date(at);

  if (status === "deleting")
    return { tone: "calm", title: "Being deleted", detail: "Its copies and its catalogue are erased in the background." };
  if (waiting?.reason === "reconnect") {
    return {
      tone: "warn",
      title: "Waiting for you to reconnect",
      detail: "The source no longer accepts the sign-in. What is stored stays readable.",
    };
  }
  if (status === "paused" || waiting?.reason === "paused")
    return { tone: "calm", title: "Paused", detail: pausedDetail(sync, upToDateAt, now) };
  if (waiting?.reason === "quota") {
    return {
      tone: "warn",
      title: "The storage is full",
      detail: "What is stored stays. Make room, or ask the operator for more, and it goes on.",
    };
  }
  if (waiting?.reason === "throttled") return throttled(waiting.until, now);
  if (run) return running(live, run, upToDateAt !== null);
  if (waiting?.reason === "retry") {
    const until = waiting.until === null ? "soon" : onOrAt(new Date(waiting.until), now);
    return { tone: "warn", title: `Trying again ${until}`, detail: "The last attempt did not get through; nothing is lost." };
  }
  return idle(sync, upToDateAt, now, hashes);
}

function throttled(until: string | null, now: Date): Omit<Headline, "level"> {
  const when = until === null ? "in a while" : onOrAt(new Date(until), now);
  return {
    tone: "active",
    title: `Goes on ${when}`,
    detail: "The source asked us to slow down. That is usual with many files, and nothing is lost.",
  };
}

function running(live: SyncStatus | undefined, run: Run, wasUpToDate: boolean): Omit<Headline, "level"> {
  const left = live?.secondsLeft == null ? "" : ` About ${formatEstimate(live.secondsLeft)} left.`;
  if (run.status === "pending") return { tone: "active", title: "Starting", detail: "The first files show up here in a moment." };
  const { discovered, stored, bytes } = run.progress;
  const backlog = live?.backlog.files ?? run.progress.pending;
  switch (run.phase) {
    case "listing":
    case "planning": {
      const seen =
        discovered === 0
          ? "Nothing seen yet."
          : `${formatNumberOf(discovered, "file and folder", "files and folders")} seen so far, ${formatCount(stored)} stored.`;
      return {
        tone: "active",
        title: wasUpToDate ? "Looking for changes" : "Reading the source for the first time",
        detail: seen + left,
      };
    }
    case "downloading":
      return {
        tone: "active",
        title: backlog === 0 ? "Copying" : `Copying: ${formatNumberOf(backlog, "file")} to go`,
        detail: `${formatNumberOf(stored, "file")} stored in this run, ${formatBytes(bytes)}.${left}`,
      };
    case "finishing":
      return { tone: "active", title: "Finishing", detail: "Everything is copied; the books are being closed." };
  }
}

function idle(sync: Sync, upToDateAt: Date | null, now: Date, hashes: Hashes): Omit<Headline, "level"> {
  const { files, failed, held, skipped, bytes, stored } = sync.stats;
  if (upToDateAt === null) {
    const failure = sync.lastRun?.status === "failed" ? sync.lastRun.error?.message : undefined;
    if (failure !== undefined) return { tone: "bad", title: "The last run failed", detail: failure };
    return { tone: "calm", title: "Nothing is here yet", detail: "The first run has not finished." };
  }
  const when = onOrAt(upToDateAt, now);
  const everything = sync.selection.length > 0 ? "Everything chosen that the source" : "Everything the source";
  if (sync.mode === "metadata") {
    return {
      tone: "calm",
      title: `Listed, not copied: ${formatNumberOf(files, "file")}`,
      detail: `Names, sizes and dates as they were ${when}. No content is stored until you ask for it.`,
    };
  }
  if (files === 0) return { tone: "good", title: `The source was empty ${when}`, detail: "Whatever you put into it shows up here." };
  if (held > 0) {
    return {
      tone: "warn",
      title: `${formatNumberOf(held, "file")} wait for your decision`,
      detail: "The source no longer has them. So much at once may be a mistake: nothing was removed here.",
    };
  }
  if (failed > 0) {
    return {
      tone: "warn",
      title: `${formatNumberOf(failed, "file")} could not be stored`,
      detail: `Everything else that the source had ${when} is here: ${amount(stored, bytes)}.`,
    };
  }
  if (skipped > 0) {
    return {
      tone: "good",
      title: `${everything} could hand out ${when} is here`,
      detail: `${amount(stored, bytes)}. ${formatNumberOf(skipped, "file")} cannot be kept; each says why.`,
    };
  }
  const verified = hashes === undefined ? "" : ` ${m.source.verified[hashes]}`;
  return { tone: "good", title: `${everything} had ${when} is here`, detail: `${amount(stored, bytes)}.${verified}` };
}

function pausedDetail(sync: Sync, upToDateAt: Date | null, now: Date): string {
  const since = upToDateAt === null ? "The first run has not finished." : `It has what the source had ${onOrAt(upToDateAt, now)}.`;
  return `${since} Nothing new arrives until you resume${sync.stats.stored > 0 ? "; what is here stays readable" : ""}.`;
}

function onOrAt(at: Date, now: Date): string {
  const moment = formatMoment(at, now);
  if (/^(yesterday|tomorrow)/.test(moment)) return moment;
  return moment.includes(" at ") ? `on ${moment}` : `at ${moment}`;
}

function amount(files: number, bytes: number): string {
  return `${formatNumberOf(files, "file")}, ${formatBytes(bytes)}`;
}
