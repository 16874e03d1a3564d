import { personalStarterFiles, workStarterFiles, type StarterFile } from "../drives/starter-files.ts";

const ALICE = "alice@contoso.example";
const BOB = "bob@outlook.example";

export const FIRST_ACCOUNTS = [ALICE, BOB];

/** Alice and bob begin with files, everybody else with an empty drive. */
export function starterFiles(name: string): StarterFile[] {
  return name === ALICE ? workStarterFiles() : name === BOB ? personalStarterFiles() : [];
}
