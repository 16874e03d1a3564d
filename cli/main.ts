import type { Command } from "./command.ts";
import { showJson } from "./command.ts";
import { apply } from "./commands/apply.ts";
import { exportState } from "./commands/export.ts";
import { login } from "./commands/login.ts";
import { run } from "./commands/run.ts";
import { schema } from "./commands/schema.ts";
import { status } from "./commands/status.ts";
import { Failure, UsageError } from "./failure.ts";
import { processTerminal } from "./terminal.ts";

// The program `tidemark`: a Tidemark from the terminal. Ends with 0, with 1 where it failed, with 2 where it was not called as it can be.

const COMMANDS: Readonly<Record<string, Command>> = { login, status, run, apply, export: exportState, schema };

const HELP_INDENT = 66;

const terminal = processTerminal();
const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = fail(error);
}

async function main(): Promise<number> {
  if (name === "" || name === "help" || name === "--help" || name === "-h") {
    terminal.out(help());
    return name === "" ? 2 : 0;
  }
  if (!command) throw new UsageError(`There is no command “${name}”.\n\n${help()}`);
  if (args.includes("--help") || args.includes("-h")) {
    terminal.out(`${command.summary}.\n\n  tidemark ${command.usage}`);
    return 0;
  }
  return command.run(args, { env: process.env, terminal });
}

function fail(error: unknown): number {
  const failure = error instanceof Failure ? error : null;
  if (args.includes("--json")) {
    showJson(terminal, {
      error: { code: failure?.code ?? "cli.unexpected", message: error instanceof Error ? error.message : String(error) },
    });
  } else if (failure) {
    terminal.note(failure.message);
    if (failure instanceof UsageError && command) terminal.note(`Usage: tidemark ${command.usage}`);
  } else {
    terminal.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return failure?.exitCode ?? 1;
}

function help(): string {
  const lines = Object.values(COMMANDS).map(({ usage, summary }) => `  tidemark ${usage.padEnd(HELP_INDENT)} ${summary}`);
  return [
    "Tidemark keeps an exact, current, provable copy of the files that people have in clouds they do not control.",
    "",
    ...lines,
    "",
    "TIDEMARK_ORIGIN and TIDEMARK_TOKEN go before what “login” stored. --json answers for programs.",
    "Ends with 0, with 1 where it failed, with 2 where it was not called as it can be.",
  ].join("\n");
}
