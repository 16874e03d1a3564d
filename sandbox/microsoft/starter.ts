import { libraryStarterFiles, personalStarterFiles, workStarterFiles, type StarterFile } from "../drives/starter-files.ts";

export const ALICE = "alice@contoso.example";
const BOB = "bob@outlook.example";
const LIBRARY_TITLES: Record<string, string> = {
  "root.documents@contoso-sites.example": "Contoso",
  "marketing.documents@contoso-sites.example": "Marketing",
  "marketing.brand-assets@contoso-sites.example": "Brand assets",
  "engineering.documents@contoso-sites.example": "Engineering",
  "lighthouse.documents@contoso-sites.example": "Lighthouse project",
  "finance.documents@contoso-sites.example": "Finance",
  "legal.documents@contoso-sites.example": "Legal",
  "board.documents@contoso-sites.example": "The board",
};

export const FIRST_ACCOUNTS = [ALICE, BOB, ...Object.keys(LIBRARY_TITLES)];

/** Alice and bob begin with files, everybody else with an empty drive. */
export function starterFiles(name: string): StarterFile[] {
  return name === ALICE ? workStarterFiles() : name === BOB ? personalStarterFiles() : [];
}

export function libraryFiles(name: string): StarterFile[] {
  const title = LIBRARY_TITLES[name];
  return title === undefined ? [] : libraryStarterFiles(title);
}
