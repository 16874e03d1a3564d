import { readFile } from "node:fs/promises";
import type { Api } from "../api.ts";
import type { Command, Context } from "../command.ts";
import { apiFor, parseOptions, showJson } from "../command.ts";
import { Failure, UsageError } from "../failure.ts";
import { carryOut } from "../file/carry-out.ts";
import { parseFile } from "../file/parse.ts";
import type { Plan, Step } from "../file/plan.ts";
import { planOf } from "../file/plan.ts";
import { showPlan, showStep } from "../file/show.ts";

const DEFAULT_FILE = "tidemark.yaml";

/** Shows what would be done, asks, does it. What could not be done is named, and a second call goes on with it. */
export const apply: Command = {
  usage: "apply [-f tidemark.yaml] [--plan | --yes] [--prune] [--json]",
  summary: "have everything as a file says",
  async run(args, context) {
    const { values } = parseOptions(args, {
      file: { type: "string", short: "f", default: DEFAULT_FILE },
      plan: { type: "boolean", default: false },
      yes: { type: "boolean", short: "y", default: false },
      prune: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const { terminal } = context;
    if (values.plan && values.yes) throw new UsageError("Either --plan or --yes.");
    const silent = values.json || !terminal.interactive || values.file === "-";
    if (silent && !values.plan && !values.yes) throw new UsageError("Nobody can be asked here: give --plan to look, or --yes to do it.");

    const { file, failure } = parseFile(await read(values.file, context), values.file);
    const api = await apiFor(context);
    const { plan, problems } = planOf(file, await actualOf(api), { prune: values.prune });
    if (problems.length > 0) throw failure(problems);
    if (!values.json) showPlan(plan).forEach(terminal.out);
    if (values.plan || plan.steps.length === 0) {
      if (values.json) showJson(terminal, toJson(plan));
      return 0;
    }
    if (!values.yes && !/^y(es)?$/i.test(await terminal.ask("Do this? [y/N] ")))
      throw new Failure("Nothing was changed.", { code: "cli.declined" });
    return values.json ? await doSilently(api, plan, context) : await doAloud(api, plan, context);
  },
};

export async function actualOf(api: Api) {
  const [connections, syncs] = await Promise.all([api.connections(), api.syncs()]);
  return { connections, syncs };
}

async function read(file: string, { terminal }: Context): Promise<string> {
  if (file === "-") return terminal.input();
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new Failure(`${file} cannot be read: ${(cause as NodeJS.ErrnoException).code}.`, { cause, code: "cli.no_file" });
  }
}

async function doAloud(api: Api, { steps }: Plan, { terminal }: Context): Promise<number> {
  const { done, failed, left } = await carryOut(api, steps, (step, error) => {
    if (error) terminal.note(`failed: ${showStep(step)}: ${error.message} (${error.code})`);
    else terminal.out(`done: ${showStep(step)}`);
  });
  for (const step of left) terminal.note(`not tried: ${showStep(step)}`);
  if (failed.length === 0) return 0;
  terminal.note(`${done.length} of ${steps.length} done. The next “apply” goes on with the others.`);
  return 1;
}

async function doSilently(api: Api, plan: Plan, { terminal }: Context): Promise<number> {
  const { done, failed, left } = await carryOut(api, plan.steps, () => undefined);
  const failures = failed.map(({ step, code, message }) => ({ ...named(step), code, message }));
  showJson(terminal, { ...toJson(plan), done: done.map(named), failed: failures, notTried: left.map(named) });
  return failed.length === 0 ? 0 : 1;
}

function toJson({ steps, unchanged, left }: Plan) {
  const shown = steps.map((step) => ({ ...named(step), ...("changes" in step && { changes: step.changes }) }));
  return { steps: shown, unchanged, left };
}

function named(step: Step) {
  return { action: step.action, name: step.name, ...("syncId" in step && { syncId: step.syncId }) };
}
