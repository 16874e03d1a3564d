import { spawn } from "node:child_process";
import { parseArgs } from "node:util";

// `npm run soak`: the engine in bad weather for as long as one likes. Ends with 1 at the first case that does not come true,
// and with the command that plays it again.

const MINUTES_DEFAULT = 5;
/** What the runtime prints, on several lines, for each call that is broken on purpose, of which there are many a second. */
const BROKEN = /^uncaught exception; /;
const BROKEN_GOES_ON = /^(stack: |params: |\s)/;

const { values } = parseArgs({
  options: { minutes: { type: "string" }, seed: { type: "string" }, path: { type: "string" }, verbose: { type: "boolean" } },
});
const asked = {
  seconds: Number(values.minutes ?? MINUTES_DEFAULT) * 60,
  ...(values.seed !== undefined && { seed: Number(values.seed) }),
  ...(values.path !== undefined && { path: values.path }),
  ...(values.verbose === true && { verbose: true }),
};
const vitest = spawn("vitest", ["run", "--project", "workerd", "test/soak/soak.test.ts", "--disable-console-intercept"], {
  env: { ...process.env, SOAK: JSON.stringify(asked) },
  stdio: ["inherit", "pipe", "pipe"],
});
for (const [from, to] of [
  [vitest.stdout, process.stdout],
  [vitest.stderr, process.stderr],
] as const) {
  let rest = "";
  let hidden = false;
  const isShown = (line: string) => {
    hidden = BROKEN.test(line) || (hidden && BROKEN_GOES_ON.test(line));
    return !hidden;
  };
  from.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    to.write(lines.filter(isShown).map((line) => `${line}\n`).join("")); // prettier-ignore
  });
}
vitest.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
