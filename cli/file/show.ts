import type { FieldChange, Plan, Step } from "./plan.ts";

// A plan in words.

const MARKS = { create: "+", change: "~", delete: "-" } as const;

export function showPlan({ steps, unchanged, left }: Plan): string[] {
  const lines = steps.flatMap((step) => [
    showStep(step),
    ...("changes" in step ? step.changes.map((change) => `    ${showChange(change)}`) : []),
  ]);
  const kept = left.map((name) => `  “${name}” is no longer in the file, and stays: --prune deletes it.`);
  return [...lines, ...kept, steps.length === 0 ? `No changes: ${unchanged.length} as the file says.` : countsOf(steps, unchanged.length)];
}

export function showStep({ action, name }: Step): string {
  return `${MARKS[action]} ${action} “${name}”${action === "delete" ? ", and erase what it kept" : ""}`;
}

function showChange({ field, before, after }: FieldChange): string {
  if (before === undefined) return `${field}: ${JSON.stringify(after)}`;
  return `${field}: ${JSON.stringify(before)} → ${after === undefined ? "(none)" : JSON.stringify(after)}`;
}

function countsOf(steps: readonly Step[], unchanged: number): string {
  const of = (action: Step["action"]) => steps.filter((step) => step.action === action).length;
  return `${of("create")} to create, ${of("change")} to change, ${of("delete")} to delete, ${unchanged} as they should be.`;
}
