import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";

/** What a command reads and writes besides files. Results go to `out`, all else to `note`. */
export interface Terminal {
  /** Whether a person can be asked. */
  interactive: boolean;
  out(line: string): void;
  note(line: string): void;
  /** The answer, without blanks around it. */
  ask(question: string): Promise<string>;
  /** The same, with nothing shown of what is typed. */
  askSecret(question: string): Promise<string>;
  /** All of standard input. */
  input(): Promise<string>;
}

export function processTerminal(): Terminal {
  return {
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    out: (line) => void process.stdout.write(`${printable(line)}\n`),
    note: (line) => void process.stderr.write(`${printable(line)}\n`),
    ask: (question) => answerTo(question, process.stderr),
    async askSecret(question) {
      process.stderr.write(question);
      const answer = await answerTo("", new Writable({ write: (_chunk, _encoding, done) => done() }));
      process.stderr.write("\n");
      return answer;
    },
    input: () => text(process.stdin),
  };
}

/** Names and messages come from elsewhere, and must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "\u{fffd}");
}

async function answerTo(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  // Who ends the input, or breaks off, has answered nothing.
  const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  const answered = lines.question(question).catch(() => "");
  try {
    return (await Promise.race([answered, closed])).trim();
  } finally {
    lines.close();
  }
}
