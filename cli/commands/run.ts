import type { Run } from "../../worker/wire.ts";
import type { Api } from "../api.ts";
import type { Command } from "../command.ts";
import { apiFor, parseOptions, showJson } from "../command.ts";
import { UsageError } from "../failure.ts";
import { findSync } from "../find-sync.ts";

const POLL_MILLISECONDS = 2_000;

/** With --wait it ends with 0 only where everything that the source has is here. */
export const run: Command = {
  usage: "run SYNC [--full] [--wait] [--json]",
  summary: "run a sync, by its name or id",
  async run(args, context) {
    const { values, positionals } = parseOptions(
      args,
      { full: { type: "boolean", default: false }, wait: { type: "boolean", default: false }, json: { type: "boolean", default: false } },
      1,
    );
    const [meant] = positionals;
    if (meant === undefined) throw new UsageError("Which sync? “tidemark status” names them.");
    const { terminal } = context;
    const api = await apiFor(context);
    const sync = findSync(await api.syncs(), meant);
    const begun = await api.runSync(sync.id, { full: values.full });
    if (values.wait && !values.json) terminal.note(`“${sync.name}” runs: ${begun.id}`);
    const last = values.wait ? await untilFinished(api, begun) : begun;
    if (values.json) showJson(terminal, last);
    else terminal.out(values.wait ? ended(sync.name, last) : `“${sync.name}” runs: ${last.id}`);
    return !values.wait || last.status === "completed" ? 0 : 1;
  },
};

async function untilFinished(api: Api, begun: Run): Promise<Run> {
  let run = begun;
  while (run.finishedAt === null) {
    await new Promise((resume) => setTimeout(resume, POLL_MILLISECONDS));
    run = await api.run(run.id);
  }
  return run;
}

function ended(name: string, { status, progress, error }: Run): string {
  const { stored, removed, skipped, failed, held } = progress;
  const counts = Object.entries({ stored, removed, skipped, failed, held }).filter(([, count]) => count > 0);
  const told = counts.length === 0 ? "nothing was new" : counts.map(([what, count]) => `${count} ${what}`).join(", ");
  return `“${name}” ${status === "held" ? "waits for a decision" : status}: ${error ? error.message : told}.`;
}
