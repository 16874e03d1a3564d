import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Finding } from "./doctor/finding.ts";
import { problem, toText, unknown } from "./doctor/finding.ts";
import { checkAuthorities } from "./doctor/authorities.ts";
import { checkMicrosoft } from "./doctor/microsoft.ts";
import { checkRunning, localPeople, PEOPLE_SQL } from "./doctor/running.ts";
import type { Settings } from "./doctor/settings.ts";
import { checkDeployConfig, checkSettings } from "./doctor/settings.ts";
import { deploySource, localSource, readWrangler, runningSource } from "./doctor/sources.ts";
import type { LocalSettings } from "./local.ts";
import { localSettings } from "./local.ts";

// `npm run doctor`: looks at a configuration, asks Microsoft about it, and says in words what to repair.
//   (nothing)     the settings of this machine: wrangler.toml and .dev.vars
//   --sandbox     the settings of a running `npm start` with the sandbox
//   --deploy      what would be deployed: wrangler.toml, with --secrets-file FILE
//   --tenant ID   the directory that the app is registered in, to try the secret there

const { values } = parseArgs({
  options: { sandbox: { type: "boolean" }, deploy: { type: "boolean" }, tenant: { type: "string" }, "secrets-file": { type: "string" } },
});
let problems = 0;

try {
  await examine();
} catch (error) {
  show("The doctor", [problem(error instanceof Error ? error.message : String(error), "Nothing more was looked at.")]);
}
console.log(problems === 0 ? "\nNo problem was found.\n" : `\n${problems === 1 ? "One problem" : `${problems} problems`} found.\n`);
process.exitCode = problems === 0 ? 0 : 1;

async function examine(): Promise<void> {
  const deployed = values.deploy === true;
  const local = localSettings();
  const { vars, deploy } = readWrangler();
  const settings = choose(vars, local);
  if (!settings) return;
  const place = deployed ? "deployed" : values.sandbox ? "sandbox" : "local";
  show("Settings", await checkSettings(settings, place));
  if (deployed) show("Deployment", checkDeployConfig(deploy));
  if (settings["MICROSOFT_CLIENT_ID"]) show("Microsoft", await checkMicrosoft(settings, fetch, values.tenant));
  const others = await checkAuthorities(settings, place);
  if (others.length > 0) show("Other authorities", others);
  if (URL.canParse(settings["ORIGIN"] ?? "")) show("Tidemark", await checkRunning(settings["ORIGIN"] ?? "", values.sandbox === true));
  console.log("\nPeople who have signed in");
  if (deployed) console.log(`  npx wrangler d1 execute DB --remote --command "${PEOPLE_SQL}"`);
  else await showPeople(local);
  console.log('  To make one an administrator, set ADMIN_SUBJECTS to "issuer subject", both as above, with a space between.');
}

/** The settings to look at; null, with a word to the person, where there are none. */
function choose(vars: Settings, local: LocalSettings): Settings | null {
  if (values.deploy)
    return deploySource(
      vars,
      values["secrets-file"] === undefined ? undefined : resolve(process.env["INIT_CWD"] ?? ".", values["secrets-file"]),
    );
  if (!values.sandbox) {
    if (!local.sandbox) return localSource(vars, local);
    const advice =
      "Put MICROSOFT_CLIENT_ID and MICROSOFT_CLIENT_SECRET into .dev.vars (README, “A real Microsoft account”), or look at the sandbox: npm run doctor -- --sandbox";
    show("Settings", [problem("There is no app registration in .dev.vars: npm start uses the sandbox.", advice)]);
    return null;
  }
  if (!local.sandbox) throw new Error(".dev.vars names a real app registration, so npm start does not use the sandbox.");
  const running = runningSource(vars, local);
  if (!running) show("Settings", [problem(`Tidemark was never started here: ${local.stateDir} has no settings.`, "Start it: npm start")]);
  return running;
}

async function showPeople(local: LocalSettings): Promise<void> {
  try {
    const people = await localPeople(local);
    for (const { issuer, subject, name, email } of people)
      console.log(`  ${name}${email === null ? "" : ` (${email})`}\n      ${issuer} ${subject}`);
    if (people.length === 0) console.log("  Nobody yet, on this machine.");
  } catch (error) {
    show("Database", [unknown(`The local database could not be read: ${error instanceof Error ? error.message : String(error)}`)]);
  }
}

function show(title: string, findings: readonly Finding[]): void {
  console.log(`\n${title}`);
  for (const finding of findings) console.log(toText(finding));
  problems += findings.filter((finding) => finding.verdict === "problem").length;
}
