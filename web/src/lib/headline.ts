// What a sync has to say about itself, in one sentence. Pure.
import { formatEstimate, formatWhen } from "./times.ts";
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

const t = m.headline;

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

/** How many files the rules leave out; of a list alone no content is wanted, and none is left out. */
export function leftOut({ mode, stats }: Pick<Sync, "mode" | "stats">): number {
  return mode === "metadata" ? 0 : stats.excluded;
}

export function waterLevel(sync: Sync, live: SyncStatus | undefined): number {
  const { files, stored, held } = liveStats(sync, live);
  // What is left out is not awaited; what is held is still here.
  const known = files - leftOut(sync);
  if (known === 0) return sync.upToDateAt === null && live?.upToDateAt == null ? 0 : 1;
  return Math.min(1, (stored + held) / known);
}

function say(sync: Sync, live: SyncStatus | undefined, now: Date, hashes: Hashes): Omit<Headline, "level"> {
  const run = live?.activeRun ?? (sync.lastRun && isActive(sync.lastRun) ? sync.lastRun : null);
  const waiting = live?.waitingFor ?? null;
  const status = live?.status ?? sync.status;
  const at = live?.upToDateAt ?? sync.upToDateAt;
  const upToDateAt = at === null ? null : new Date(at);

  if (status === "deleting") return { tone: "calm", ...t.deleting };
  if (waiting?.reason === "reconnect") return { tone: "warn", ...t.reconnect };
  if (status === "paused" || waiting?.reason === "paused")
    return { tone: "calm", title: t.paused, detail: pausedDetail(sync, upToDateAt, now) };
  if (waiting?.reason === "quota") return { tone: "warn", ...t.quota };
  if (waiting?.reason === "throttled") return throttled(waiting.until, now);
  if (run) return running(live, run, upToDateAt !== null);
  if (waiting?.reason === "retry") {
    const until = waiting.until === null ? t.soon : formatWhen(new Date(waiting.until), now);
    return { tone: "warn", ...t.retry(until) };
  }
  return idle(sync, upToDateAt, now, hashes);
}

function throttled(until: string | null, now: Date): Omit<Headline, "level"> {
  const when = until === null ? t.inAWhile : formatWhen(new Date(until), now);
  return { tone: "active", ...t.throttled(when) };
}

function running(live: SyncStatus | undefined, run: Run, wasUpToDate: boolean): Omit<Headline, "level"> {
  const left = live?.secondsLeft == null ? "" : t.left(formatEstimate(live.secondsLeft));
  if (run.status === "pending") return { tone: "active", ...t.starting };
  const { discovered, stored, bytes } = run.progress;
  const backlog = live?.backlog.files ?? run.progress.pending;
  switch (run.phase) {
    case "listing":
    case "planning": {
      const seen = discovered === 0 ? t.nothingSeen : t.seen(discovered, stored);
      return { tone: "active", title: wasUpToDate ? t.looking : t.reading, detail: seen + left };
    }
    case "downloading":
      return { tone: "active", title: t.copying(backlog), detail: t.copied(stored, bytes) + left };
    case "finishing":
      return { tone: "active", ...t.finishing };
  }
}

function idle(sync: Sync, upToDateAt: Date | null, now: Date, hashes: Hashes): Omit<Headline, "level"> {
  const { files, failed, held, skipped, bytes, stored } = sync.stats;
  if (upToDateAt === null) {
    const failure = sync.lastRun?.status === "failed" ? sync.lastRun.error?.message : undefined;
    if (failure !== undefined) return { tone: "bad", title: t.failed, detail: failure };
    return { tone: "calm", title: t.nothing, detail: t.notFinished };
  }
  const when = formatWhen(upToDateAt, now);
  const chosen = sync.selection.length > 0;
  const amount = m.count.amount(stored, bytes);
  if (sync.mode === "metadata") return { tone: "calm", ...t.listed(files, when) };
  if (files === 0) return { tone: "good", ...t.empty(when) };
  if (held > 0) return { tone: "warn", ...t.held(held) };
  if (failed > 0) return { tone: "warn", ...t.notStored(failed, when, amount) };
  if (skipped > 0) return { tone: "good", title: t.allHandedOut(chosen, when), detail: t.skipped(amount, skipped) };
  const verified = hashes === undefined ? "" : ` ${m.source.verified[hashes]}`;
  return { tone: "good", title: t.allHere(chosen, when), detail: `${amount}.${verified}` };
}

function pausedDetail(sync: Sync, upToDateAt: Date | null, now: Date): string {
  const since = upToDateAt === null ? t.notFinished : t.hasAsOf(formatWhen(upToDateAt, now));
  return t.pausedDetail(since, sync.stats.stored > 0);
}
