import { parseArgs } from "node:util";
import { ASSUMED, type Assumptions } from "./scaling/model.ts";
import { scalingReport } from "./scaling/report.ts";

// `npm run scaling`: what a million users and a billion items use, cost, and break. `npm run scaling -- --users 1e5 --items 1e8`.

const names = Object.keys(ASSUMED) as (keyof Assumptions)[];
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [optionOf(name), { type: "string" as const }])) });

const assumed = { ...ASSUMED };
for (const name of names) {
  const given = values[optionOf(name)];
  if (given === undefined) continue;
  assumed[name] = Number(given);
  if (!(assumed[name] >= 0)) throw new Error(`--${optionOf(name)} is a number, such as ${ASSUMED[name]}.`);
}
console.log(scalingReport(assumed));

/** `tenantUsers` is `--tenant-users`. */
function optionOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
