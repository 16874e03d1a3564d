import type { ChangePage } from "../providers/provider.ts";
import { hashOf } from "./seen.ts";

// Whether a listing leads round in circles. No I/O.
//
// Brent's cycle detection over hashes of cursors: one cursor is remembered, and another after 1, 2, 4, … pages, so that
// a circle is found within three times its length, whatever led into it. A source may also mint a fresh cursor each time:
// then it is the same page again and again that gives it away. What is remembered has always the same size.

/** The same page, with something on it, this often in a row is a circle. */
const SAME_PAGES_MAX = 5;
/** Pages with nothing on them may come in long rows, but not in endless ones. */
const EMPTY_PAGES_MAX = 500;

export interface LoopState {
  /** Hash of the remembered cursor. */
  mark: number;
  /** Pages until another cursor is remembered, and pages since the last one was. */
  power: number;
  steps: number;
  /** Hash of the last page's content, and how often it has come in a row. */
  content: number;
  repeats: number;
}

/** What is to be remembered after this page of a round; "loop" where the round goes in a circle. `state`: null at its first page. */
export function afterPage(state: LoopState | null, page: Pick<ChangePage, "changes" | "cursor">): LoopState | "loop" {
  const cursor = hashOf(page.cursor);
  const content = hashOf(JSON.stringify(page.changes.map(essenceOf)));
  if (state === null) return { mark: cursor, power: 1, steps: 0, content, repeats: 1 };
  const repeats = content === state.content ? state.repeats + 1 : 1;
  if (cursor === state.mark || repeats >= (page.changes.length === 0 ? EMPTY_PAGES_MAX : SAME_PAGES_MAX)) return "loop";
  const steps = state.steps + 1;
  const moved = steps === state.power;
  return { mark: moved ? cursor : state.mark, power: moved ? 2 * state.power : state.power, steps: moved ? 0 : steps, content, repeats };
}

/** What makes a page another one: download addresses are new each time. */
function essenceOf(change: ChangePage["changes"][number]): unknown[] {
  if (change.type === "children") return [change.type, change.folderId, change.ids];
  if (change.type !== "upsert") return [change.type, change.id ?? null];
  const { id, parentId, name, size, modifiedAt, contentTag, hash } = change.entry;
  return [id, parentId, name, size, modifiedAt, contentTag, hash?.value];
}
