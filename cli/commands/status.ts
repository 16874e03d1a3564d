import type { Status, Sync } from "../../worker/wire.ts";
import { needsPerson } from "../attention.ts";
import type { Command } from "../command.ts";
import { apiFor, parseOptions, showJson } from "../command.ts";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Ends with 1 where Tidemark itself is not well. */
export const status: Command = {
  usage: "status [--json]",
  summary: "how it goes, and what needs a person",
  async run(args, context) {
    const { values } = parseOptions(args, { json: { type: "boolean", default: false } });
    const { terminal } = context;
    const api = await apiFor(context);
    const [health, me, now, syncs] = await Promise.all([api.health(), api.me(), api.status(), api.syncs()]);
    const attention = needsPerson(now, syncs);
    const exitCode = health.status === "ok" ? 0 : 1;
    if (values.json) {
      const live = new Map(now.syncs.map((each) => [each.id, each.live]));
      const shown = syncs.map((sync) => ({ ...sync, live: live.get(sync.id) ?? null }));
      showJson(terminal, {
        origin: api.origin,
        health,
        user: { id: me.id, name: me.name },
        connections: now.connections,
        syncs: shown,
        needsPerson: attention,
      });
      return exitCode;
    }
    terminal.out(`${api.origin}: ${health.status}. ${me.name}${me.email === null ? "" : ` <${me.email}>`}`);
    terminal.out("");
    table([["sync", "state", "files", "bytes", "last run"], ...syncs.map((sync) => row(sync, now))]).forEach(terminal.out);
    if (attention.length > 0) terminal.out("\nNeeds a person:");
    for (const { what, name, message } of attention) terminal.out(`  ${what} “${name}”: ${message}`);
    return exitCode;
  },
};

function row(sync: Sync, now: Status): string[] {
  const { files, stored, failed, bytes } = sync.stats;
  const count = `${stored} of ${files}${failed > 0 ? `, ${failed} failed` : ""}`;
  const run = sync.lastRun ? `${sync.lastRun.status} ${sync.lastRun.finishedAt ?? ""}`.trim() : "none";
  return [sync.name, stateOf(sync, now), count, size(bytes), run];
}

function stateOf(sync: Sync, now: Status): string {
  const live = now.syncs.find(({ id }) => id === sync.id)?.live;
  if (sync.status !== "active" || !live) return sync.status;
  if (live.waitingFor) return `waits: ${live.waitingFor.reason}${live.waitingFor.until === null ? "" : ` until ${live.waitingFor.until}`}`;
  if (live.activeRun) return `${live.activeRun.phase}, ${live.backlog.files} files to go`;
  return live.upToDateAt === null ? "not complete yet" : `up to date at ${live.upToDateAt}`;
}

function size(bytes: number): string {
  const power = bytes === 0 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? "")].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - [...cell].length))
      .join("  ")
      .trimEnd(),
  );
}
