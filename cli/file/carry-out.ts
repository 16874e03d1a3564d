import type { Api } from "../api.ts";
import { ApiError } from "../api.ts";
import type { Step } from "./plan.ts";

/** After these no other step would fare better. */
const STOP_AT = new Set([0, 401, 403, 429]);

export interface Outcome {
  done: Step[];
  failed: { step: Step; code: string; message: string }[];
  /** Not tried any more. */
  left: Step[];
}

/** Takes the steps one after the other. One that is refused keeps none of the others back, unless they would be refused too. */
export async function carryOut(api: Api, steps: readonly Step[], onStep: (step: Step, error: ApiError | null) => void): Promise<Outcome> {
  const outcome: Outcome = { done: [], failed: [], left: [] };
  for (const [index, step] of steps.entries()) {
    try {
      await take(api, step);
      outcome.done.push(step);
      onStep(step, null);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      outcome.failed.push({ step, code: error.code, message: error.message });
      onStep(step, error);
      if (STOP_AT.has(error.status) || error.status >= 500) return { ...outcome, left: steps.slice(index + 1) };
    }
  }
  return outcome;
}

async function take(api: Api, step: Step): Promise<void> {
  switch (step.action) {
    case "create":
      await api.createSync(step.fields);
      return;
    case "change":
      await api.changeSync(step.syncId, step.change);
      return;
    case "delete":
      await api.deleteSync(step.syncId);
  }
}
