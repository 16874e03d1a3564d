import { digest } from "./ids.ts";
import { invalidValue } from "./drive-error.ts";

// Page tokens: opaque, worth nothing once the drive's epoch has ended, or with other parameters than they came of.

/** How far a list has been read. `source`: which of the drives; `after`: its place there, or how many were passed by. */
export type ListState = { source: number; after: number; emptied: boolean };

/** How far each drive's change log was read, by the drive's number. */
export type LogState = { seqs: Record<string, number>; emptied: boolean };

const LIST_MARK = "~!!~";

export const writeListToken = (epoch: string, parameters: string, state: ListState): string =>
  `${LIST_MARK}${sealed({ e: markOf(epoch), p: markOf(parameters), ...state })}`;

export function readListToken(epoch: string, parameters: string, token: string): ListState {
  const state = token.startsWith(LIST_MARK) ? opened(token.slice(LIST_MARK.length)) : undefined;
  if (state?.["e"] !== markOf(epoch) || state["p"] !== markOf(parameters)) throw invalidValue("pageToken");
  return { source: Number(state["source"]), after: Number(state["after"]), emptied: state["emptied"] === true };
}

export const writeLogToken = (epoch: string, state: LogState): string => sealed({ e: markOf(epoch), ...state });

export function readLogToken(epoch: string, token: string): LogState {
  const state = opened(token);
  if (state?.["e"] !== markOf(epoch) || typeof state["seqs"] !== "object") throw invalidValue("pageToken");
  return { seqs: state["seqs"] as Record<string, number>, emptied: state["emptied"] === true };
}

const markOf = (text: string): string => digest(text).toString("base64url").slice(0, 8);
const sealed = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function opened(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
