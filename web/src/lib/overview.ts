// What the overview says of all syncs together: how much is safe, and what needs its owner. Pure.
import { formatBytes } from "./format.ts";
import { formatMoment } from "./times.ts";
import { leftOut, liveStats, waterLevel } from "./headline.ts";
import { m } from "./messages.ts";
import type { Connection, Dashboard, Sync, SyncStatus } from "./wire.ts";
import type { Tone } from "./words.ts";

type Statuses = ReadonlyMap<string, SyncStatus>;

export interface Summary {
  tone: Tone;
  /** The one number. */
  number: string;
  /** What is safe, and how the whole stands, each a sentence. */
  safe: string;
  stands: string;
  /** The share of what is wanted that is here, 0 to 1. */
  level: number;
  moving: boolean;
}

export interface Totals {
  /** Without those that rules leave out. */
  files: number;
  stored: number;
  failed: number;
  skipped: number;
  bytes: number;
  versionBytes: number;
}

export function totalsOf(syncs: readonly Sync[], statuses: Statuses): Totals {
  const sum = { files: 0, stored: 0, failed: 0, skipped: 0, bytes: 0, versionBytes: 0 };
  for (const sync of syncs) {
    const stats = liveStats(sync, statuses.get(sync.id));
    for (const key of Object.keys(sum) as (keyof Totals)[]) sum[key] += stats[key];
    sum.files -= leftOut(sync);
    // What is held is still here.
    sum.stored += stats.held;
  }
  return sum;
}

/** `waits`: how many things need somebody. */
export function summaryOf(syncs: readonly Sync[], statuses: Statuses, waits: number, now: Date): Summary {
  const totals = totalsOf(syncs, statuses);
  const kept = syncs.filter((sync) => sync.status !== "deleting");
  const runs = kept.flatMap(({ id }) => statuses.get(id)?.activeRun ?? []);
  const backlog = kept.reduce((sum, { id }) => sum + (statuses.get(id)?.backlog.files ?? 0), 0);
  const listed = kept.length > 0 && kept.every((sync) => sync.mode === "metadata");
  return {
    ...standing(kept, statuses, { waits, moving: runs.length > 0, backlog, now }),
    number: formatBytes(totals.bytes),
    safe: listed ? m.overview.listedOnly(totals.files) : m.overview.safe(totals.stored),
    level: weightedLevel(kept, statuses),
    moving: runs.length > 0,
  };
}

interface State {
  waits: number;
  moving: boolean;
  backlog: number;
  now: Date;
}

function standing(syncs: readonly Sync[], statuses: Statuses, { waits, moving, backlog, now }: State): Pick<Summary, "tone" | "stands"> {
  if (waits > 0) return { tone: "warn", stands: m.overview.waits(waits) };
  if (moving) return { tone: "active", stands: m.overview.copying(backlog) };
  const active = syncs.filter((sync) => (statuses.get(sync.id)?.status ?? sync.status) === "active");
  if (active.length === 0) return { tone: "calm", stands: m.overview.paused };
  const times = active.map((sync) => statuses.get(sync.id)?.upToDateAt ?? sync.upToDateAt);
  const known = times.flatMap((time) => (time === null ? [] : [Date.parse(time)]));
  if (known.length < times.length) return { tone: "calm", stands: m.overview.notYet };
  return { tone: "good", stands: m.overview.allHere(active.length, formatMoment(new Date(Math.min(...known)), now)) };
}

function weightedLevel(syncs: readonly Sync[], statuses: Statuses): number {
  const weights = syncs.map((sync) => Math.max(1, liveStats(sync, statuses.get(sync.id)).files));
  const sum = syncs.reduce((total, sync, index) => total + waterLevel(sync, statuses.get(sync.id)) * (weights[index] ?? 1), 0);
  const all = weights.reduce((total, weight) => total + weight, 0);
  return all === 0 ? 0 : sum / all;
}

/** Something that only its owner can settle, with what settles it. */
export type Attention =
  | { kind: "reconnect"; id: string; tone: Tone; title: string; text: string; connection: Connection }
  | { kind: "failed"; id: string; tone: Tone; title: string; text: string; href: string; runId: string | null }
  | { kind: "link"; id: string; tone: Tone; title: string; text: string; href: string; action: string };

/** The worst first. */
export function attentionOf({ connections, syncs }: Pick<Dashboard, "connections" | "syncs">, statuses: Statuses): Attention[] {
  const words = m.attention;
  const found: Attention[] = [];
  for (const { id, name, alarm } of syncs) {
    if (alarm === null) continue;
    const title = words.alarm(alarm.files, name);
    found.push({ kind: "link", id: `alarm ${id}`, tone: "bad", title, text: words.alarmText, href: `/app/syncs/${id}`, action: words.alarmAction }); // prettier-ignore
  }
  for (const connection of connections) {
    if (connection.status !== "needs_reconnect" && connection.status !== "error") continue;
    const title = words.reconnect(connection.label);
    found.push({ kind: "reconnect", id: `reconnect ${connection.id}`, tone: "warn", title, text: words.reconnectText, connection });
  }
  for (const { id, name, stats, lastRun } of syncs) {
    if (stats.held === 0) continue;
    const href = lastRun === null ? `/app/syncs/${id}` : `/app/runs/${lastRun.id}`;
    found.push({ kind: "link", id: `held ${id}`, tone: "warn", title: words.held(stats.held, name), text: words.heldText, href, action: words.heldAction }); // prettier-ignore
  }
  for (const { id, name } of syncs) {
    if (statuses.get(id)?.waitingFor?.reason !== "quota") continue;
    found.push({ kind: "link", id: `quota ${id}`, tone: "warn", title: words.quota(name), text: words.quotaText, href: `/app/syncs/${id}`, action: words.quotaAction }); // prettier-ignore
  }
  for (const { id, name, lastRun, connectionId } of syncs) {
    // What only a new sign-in heals is said above already.
    const refused = connections.some((connection) => connection.id === connectionId && connection.status !== "active");
    if (lastRun?.status !== "failed" || refused || statuses.get(id)?.activeRun) continue;
    found.push({ kind: "link", id: `run ${id}`, tone: "bad", title: words.runFailed(name), text: lastRun.error?.message ?? "", href: `/app/runs/${lastRun.id}`, action: words.runFailedAction }); // prettier-ignore
  }
  for (const { id, name, stats, lastRun } of syncs) {
    if (stats.failed === 0 || statuses.get(id)?.activeRun) continue;
    const title = words.failed(stats.failed, name);
    found.push({ kind: "failed", id: `failed ${id}`, tone: "warn", title, text: words.failedText, href: `/app/syncs/${id}?tab=failed`, runId: lastRun?.id ?? null }); // prettier-ignore
  }
  return found;
}
