import { expect, test } from "vitest";
import { deploySteps } from "../../scripts/deploy/steps.ts";
import { peopleIn } from "../../scripts/doctor/running.ts";

const CONFIG = { databaseId: "6731de76-14a6-49ae-97bc-6eba6914391e", origin: "https://tidemark.example", routes: [], workersDev: false };
const REAL = { dryRun: false, secretsFile: undefined };

function lines(...args: Parameters<typeof deploySteps>): string[] {
  return deploySteps(...args).map((step) => [step.command, ...step.args].join(" "));
}

test("a dry run builds and bundles, and asks neither the account nor the database", () => {
  expect(lines({ dryRun: true, secretsFile: "secrets" }, CONFIG)).toEqual(["vite build", "wrangler deploy --dry-run --outdir dist/worker"]);
});

test("the database is migrated after the checks and before the Worker that needs it arrives", () => {
  expect(lines(REAL, CONFIG)).toEqual([
    "npm run check",
    "vite build",
    "wrangler d1 migrations apply DB --remote",
    "wrangler deploy --domain tidemark.example",
  ]);
});

test("routes of wrangler.toml are left to it", () => {
  expect(lines(REAL, { ...CONFIG, routes: ["tidemark.example/*"] }).at(-1)).toBe("wrangler deploy");
});

test("an address at workers.dev needs no domain", () => {
  expect(lines(REAL, { ...CONFIG, origin: "https://tidemark.me.workers.dev", workersDev: true }).at(-1)).toBe("wrangler deploy");
});

test("secrets of a file go along with the Worker only", () => {
  const steps = lines({ dryRun: false, secretsFile: "/home/me/secrets" }, CONFIG);
  expect(steps.filter((line) => line.includes("/home/me/secrets"))).toEqual([
    "wrangler deploy --domain tidemark.example --secrets-file /home/me/secrets",
  ]);
});

test("people are found in wrangler's answer, whatever it says before", () => {
  const person = { issuer: "https://login.example/v2.0", subject: "abc", name: "Alice [A]", email: null };
  expect(peopleIn(`▲ [WARNING] An update is available\n\n[\n  {\n "results": [${JSON.stringify(person)}], "success": true }\n]\n`)).toEqual(
    [person],
  );
  expect(peopleIn("nothing")).toEqual([]);
});
