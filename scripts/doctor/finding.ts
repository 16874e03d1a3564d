/** One thing that the doctor looked at. */
export interface Finding {
  /** `unknown`: it could not be found out, or matters only later. */
  verdict: "good" | "problem" | "unknown";
  text: string;
  /** What to do about it. */
  advice?: string;
}

export function good(text: string): Finding {
  return { verdict: "good", text };
}

export function problem(text: string, advice: string): Finding {
  return { verdict: "problem", text, advice };
}

export function unknown(text: string, advice?: string): Finding {
  return { verdict: "unknown", text, ...(advice === undefined ? {} : { advice }) };
}

const MARKS = { good: "ok", problem: "!!", unknown: "??" } as const;

/** A finding as lines of text. */
export function toText({ verdict, text, advice }: Finding): string {
  return `  ${MARKS[verdict]}  ${text}${advice === undefined ? "" : `\n      ${advice}`}`;
}
