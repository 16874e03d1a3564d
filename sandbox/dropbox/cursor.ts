/** Where a list is. `parts`: how far each drive's journal was read. `after`: of a list of what is there, the last item; of one folder's, how many. */
export type CursorState = {
  epoch: string;
  namespace: string;
  /** The folder that is listed, in small letters; empty: the root. */
  scope: string;
  recursive: boolean;
  limit: number;
  at: "items" | "children" | "rest";
  parts: { drive: number; prefix: string; j: number }[];
  part: number;
  after: number;
  /** A page without entries was answered at this place. */
  emptied: boolean;
};

const PREFIX = "AAE";

export function writeCursor(state: CursorState): string {
  return PREFIX + Buffer.from(JSON.stringify(state)).toString("base64url");
}

/** Undefined where it is none of ours. */
export function readCursor(text: string): CursorState | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  try {
    return JSON.parse(Buffer.from(text.slice(PREFIX.length), "base64url").toString()) as CursorState;
  } catch {
    return undefined;
  }
}
