import { docx } from "../drives/formats/office.ts";
import { pdf } from "../drives/formats/documents.ts";
import type { StarterFile } from "../drives/starter-files.ts";

const DORA = "dora@dropbox.example";

export const FIRST_ACCOUNTS = [DORA];

/** What dora's Dropbox begins with: some files, and documents that exist only on the web. Everybody else's begins empty. */
export function starterFiles(name: string): StarterFile[] {
  if (name !== DORA) return [];
  return [
    text("Get started with Dropbox.md", "# Welcome\n\nThese are Dora's own files.\n"),
    { path: "Contracts/Mooring 2026.pdf", bytes: pdf(["Mooring for a boat of nine metres,", "from April to October."]) },
    { path: "Contracts/Insurance.docx", bytes: docx(["Hull insurance", "The hull is insured against storms."]) },
    text("Contracts/Übersicht/Fristen.txt", "31. Oktober: Liegeplatz kündigen.\n"),
    text("Log/Reise nach Ærø.md", "Wind aus West, 4 bis 5.\n"),
    text("Log/航海日誌.txt", "潮は引き潮。\n"),
    text("Log/empty.txt", ""),
    text("Plans/Refit.paper", "# Refit\n\n- [ ] new mast\n- [x] paint\n"),
    text("Plans/Costs.gsheet", "mast;9000\npaint;120\n"),
    text("Plans/Map of the harbour.gmap", "nothing to hand out"),
  ];
}

const text = (path: string, content: string): StarterFile => ({ path, bytes: Buffer.from(content) });
