/** What a vendor's drives allow. */
export type DriveRules = {
  /** The drive's name in messages: "OneDrive". */
  product: string;
  /** Why a name is refused, to be read after "it has"; undefined where it is taken. */
  nameProblem: (name: string) => string | undefined;
  /** In characters, from the root, without a leading slash; Infinity where there is no limit. */
  pathLengthMax: number;
  /** Whether `a` and `A` are two names. */
  caseSensitive: boolean;
  /** Whether a folder may hold several items of the same name. */
  namesakes: boolean;
  /** Whether a folder's deletion, or its return, is in the change log for the folder alone, and not for each item below it. */
  notesFoldersAlone?: boolean;
};

/** The names of a path as control calls write it: from the root, the leading slash optional. */
export function splitPath(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}
