import type { ParseArgsOptionsConfig } from "node:util";
import { parseArgs } from "node:util";
import type { Api } from "./api.ts";
import { createApi } from "./api.ts";
import { loadCredentials } from "./credentials.ts";
import { UsageError } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

/** What a command is given. */
export interface Context {
  env: Readonly<Record<string, string | undefined>>;
  terminal: Terminal;
}

export interface Command {
  /** How it is called, after the program's name. */
  usage: string;
  summary: string;
  /** Answers the exit code. */
  run(args: readonly string[], context: Context): Promise<number>;
}

/** The options, and the arguments beside them; what does not fit is a usage error. */
export function parseOptions<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T, positionalsMax = 0) {
  const parsed = parse(args, options);
  if (parsed.positionals.length > positionalsMax) throw new UsageError(`“${parsed.positionals[positionalsMax]}” is one argument too many.`);
  return parsed;
}

function parse<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export async function apiFor({ env }: Context): Promise<Api> {
  return createApi(await loadCredentials(env));
}

export function showJson(terminal: Terminal, value: unknown): void {
  terminal.out(JSON.stringify(value, null, 2));
}
