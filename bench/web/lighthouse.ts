import lighthouse, { defaultConfig, desktopConfig, type Config } from "lighthouse";
import { middle } from "./rounds.ts";

// What Lighthouse finds, in a Chromium that listens at a port. The middle of several runs: on a busy machine one alone says little.

const RUNS = 3;
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"] as const;
/** Of 100. */
export const SCORE_MIN = 95;
const SCREENS: Record<string, Config> = { desktop: desktopConfig, mobile: defaultConfig };

export type Category = (typeof CATEGORIES)[number];

export interface Audited {
  screen: string;
  scores: Record<Category, number>;
  /** Lighthouse's own measure of the machine while it ran: from 1,500 on one is as fast as it takes it to be. */
  machine: number;
  /** Audits that took something off a score in the last run: name and value. */
  findings: string[];
}

interface Page {
  url: string;
  /** Of the one who is signed in. */
  cookie?: string;
  /** Audits that are not asked for. */
  without?: string[];
}

export async function audit(port: number, page: Page): Promise<Audited[]> {
  const audited: Audited[] = [];
  for (const [screen, config] of Object.entries(SCREENS)) {
    const runs: Omit<Audited, "screen">[] = [];
    for (let run = 0; run < RUNS; run += 1) runs.push(await once(port, page, config));
    const scores = Object.fromEntries(CATEGORIES.map((name) => [name, middle(runs.map((run) => run.scores[name]))]));
    const [machine, findings] = [middle(runs.map((run) => run.machine)), runs.at(-1)?.findings ?? []];
    audited.push({ screen, scores: scores as Record<Category, number>, machine, findings });
  }
  return audited;
}

async function once(port: number, { url, cookie, without = [] }: Page, config: Config): Promise<Omit<Audited, "screen">> {
  const flags = { port, onlyCategories: [...CATEGORIES], skipAudits: without, ...(cookie && { extraHeaders: { Cookie: cookie } }) };
  const { lhr } = (await lighthouse(url, flags, config)) ?? {};
  if (!lhr || lhr.runtimeError) throw new Error(`Lighthouse could not look at ${url}: ${lhr?.runtimeError?.message ?? "no answer"}`);
  if (lhr.finalDisplayedUrl !== url) throw new Error(`Lighthouse was led from ${url} to ${lhr.finalDisplayedUrl}.`);
  const scores = Object.fromEntries(CATEGORIES.map((name) => [name, Math.round((lhr.categories[name]?.score ?? NaN) * 100)]));
  const counted = CATEGORIES.flatMap((name) => lhr.categories[name]?.auditRefs ?? []).filter(({ weight }) => weight > 0);
  const findings = counted.flatMap(({ id }) => {
    const { score, displayValue } = lhr.audits[id] ?? {};
    return typeof score === "number" && score < 1 ? [`${id} ${displayValue ?? ""}`.trim()] : [];
  });
  return { scores: scores as Record<Category, number>, machine: lhr.environment.benchmarkIndex, findings };
}
