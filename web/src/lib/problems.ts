// Every file of a sync that could not be stored. Each is listed with the run that changed it last, so the runs are asked
// one after another, newest first, until all are found. Dependencies are arguments.
import type { Item, Page, Run } from "./wire.ts";

/** Runs looked at for one page of problems. */
const RUNS_PAGE = 50;
/** Pages of one run's files looked at in one go: a server may answer with empty ones before the last. */
const ASKED_MAX = 40;

export type ProblemState = "failed" | "skipped";

export interface ProblemSources {
  runs(cursor: string | null, limit: number): Promise<Page<Run>>;
  files(runId: string, state: ProblemState, cursor: string | null, limit: number): Promise<Page<Item>>;
}

/** Goes on where the last answer ended; null when all has been seen. */
export interface ProblemCursor {
  runs: readonly string[];
  moreRuns: string | null;
  files: string | null;
}

export const PROBLEMS_START: ProblemCursor = { runs: [], moreRuns: "", files: null };

export async function nextProblems(
  sources: ProblemSources,
  state: ProblemState,
  cursor: ProblemCursor,
  limit: number,
): Promise<{ items: Item[]; cursor: ProblemCursor | null }> {
  const items: Item[] = [];
  let { runs, moreRuns, files } = cursor;
  for (let asked = 0; asked < ASKED_MAX && items.length < limit; asked += 1) {
    const run = runs[0];
    if (run === undefined) {
      if (moreRuns === null) return { items, cursor: null };
      const page = await sources.runs(moreRuns === "" ? null : moreRuns, RUNS_PAGE);
      runs = page.items.filter((candidate) => candidate.progress[state] > 0).map((candidate) => candidate.id);
      moreRuns = page.cursor;
      continue;
    }
    const page = await sources.files(run, state, files, limit - items.length);
    items.push(...page.items);
    files = page.cursor;
    if (files === null) runs = runs.slice(1);
  }
  return { items, cursor: runs.length === 0 && moreRuns === null ? null : { runs, moreRuns, files } };
}
