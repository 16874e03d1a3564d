import { writeFile } from "node:fs/promises";
import type { Command } from "../command.ts";
import { apiFor, parseOptions, showJson } from "../command.ts";
import { Failure } from "../failure.ts";
import { exportFile, toYaml } from "../file/export.ts";
import { actualOf } from "./apply.ts";

const DEFAULT_FILE = "tidemark.yaml";

export const exportState: Command = {
  usage: "export [-f tidemark.yaml | -f -] [--force] [--json]",
  summary: "write what there is as a file",
  async run(args, context) {
    const { values } = parseOptions(args, {
      file: { type: "string", short: "f", default: DEFAULT_FILE },
      force: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const { terminal } = context;
    const actual = await actualOf(await apiFor(context));
    const file = exportFile(actual);
    if (values.json) showJson(terminal, file);
    else if (values.file === "-") terminal.out(toYaml(file).trimEnd());
    else {
      await write(values.file, toYaml(file), values.force);
      terminal.out(`${values.file} has ${actual.connections.length} connections and ${actual.syncs.length} syncs.`);
    }
    return 0;
  },
};

async function write(file: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? "w" : "wx" });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === "EEXIST" ? "is there already: --force writes over it" : `cannot be written: ${code}`;
    throw new Failure(`${file} ${reason}.`, { cause, code: "cli.no_file" });
  }
}
