import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import type { LocalSettings } from "../local.ts";
import { runTool, workerState } from "../local.ts";
import type { Finding } from "./finding.ts";
import { good, problem, unknown } from "./finding.ts";

// What a running Tidemark says, and who has signed in to it.

const TIMEOUT_MILLISECONDS = 5_000;
const PEOPLE_MAX = 20;
export const PEOPLE_SQL = `SELECT issuer, subject, name, email FROM identities JOIN users ON users.id = user_id ORDER BY identities.created_at LIMIT ${PEOPLE_MAX}`;

/** Whether Tidemark answers at its address, and takes Microsoft's handshake there. */
export async function checkRunning(origin: string, required: boolean): Promise<Finding[]> {
  const health = await get(`${origin}/health`);
  if (health === null) {
    const text = `Nothing answers at ${origin}.`;
    return [required ? problem(text, "Start it: npm start") : unknown(text, "Start it, and ask again, to have that looked at too.")];
  }
  if (!health.ok) return [problem(`Tidemark says that it is not well: ${await health.text()}`, "Its log says more.")];
  const token = randomBytes(8).toString("hex");
  const echo = await get(`${origin}/webhooks/microsoft?validationToken=${token}`, { method: "POST" });
  const taken = echo?.status === 200 && (await echo.text()) === token;
  return [
    good(`Tidemark answers at ${origin}, and all it depends on does too.`),
    taken
      ? good("It takes the handshake of change notifications.")
      : problem(
          "It does not take the handshake of change notifications.",
          "What stands before the Worker must let POST /webhooks/* pass, without a sign-in of its own.",
        ),
  ];
}

async function get(url: string, init: RequestInit = {}): Promise<Response | null> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) });
  } catch {
    return null;
  }
}

export interface Person {
  issuer: string;
  subject: string;
  name: string;
  email: string | null;
}

/** Who has signed in to the Tidemark of this machine. Empty where none was ever started. */
export async function localPeople(settings: LocalSettings): Promise<Person[]> {
  if (!existsSync(workerState(settings))) return [];
  const output = await runTool("wrangler", [
    "d1",
    "execute",
    "DB",
    "--local",
    "--persist-to",
    workerState(settings),
    "--json",
    "--command",
    PEOPLE_SQL,
  ]);
  return peopleIn(output);
}

/** The rows in what `wrangler d1 execute --json` prints, which may say other things first. */
export function peopleIn(output: string): Person[] {
  const start = output.search(/^\[/m);
  if (start < 0) return [];
  const answers = JSON.parse(output.slice(start, output.lastIndexOf("]") + 1)) as { results?: Person[] }[];
  return answers.flatMap((answer) => answer.results ?? []);
}
