import { pdf } from "../drives/formats/documents.ts";
import { docx } from "../drives/formats/office.ts";
import { png } from "../drives/formats/media.ts";
import type { StarterFile } from "../drives/starter-files.ts";

const ALICE = "alice@nextcloud.example";
const PHOTOS = 6;

export const FIRST_ACCOUNTS = [ALICE];

/** Alice begins with a few files, everybody else with none. */
export function starterFiles(name: string): StarterFile[] {
  if (name !== ALICE) return [];
  return [
    text("Readme.md", "# Welcome\n\nThese are Alice's files, on a server of her own.\n"),
    { path: "Documents/Lease of the boathouse.pdf", bytes: pdf(["Lease", "The boathouse, for three years."]) },
    { path: "Documents/Crew list.docx", bytes: docx(["Crew", "Alice", "Bob"]) },
    text("Documents/Übersicht – 概要.txt", "Names in several scripts.\n"),
    text("Documents/100% true #1 & more.txt", "Percent, hash and ampersand.\n"),
    text("Notes/2026/plans.md", "- [ ] paint the boathouse\n- [x] buy the paint\n"),
    ...Array.from({ length: PHOTOS }, (_, i) => ({ path: `Photos/Boathouse ${i + 1}.png`, bytes: png(120 + i * 8, 90, i + 50) })),
  ];
}

const text = (path: string, content: string): StarterFile => ({ path, bytes: Buffer.from(content) });
