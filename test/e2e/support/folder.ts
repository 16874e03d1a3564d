import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SourceFile } from "./client.ts";

// A real folder, as people have them.

const FILES_A_FOLDER = 100;
export const ODD_NAMES = [
  "Zoë's café – draft #2 (final) 100%.md",
  "Отчёт.txt",
  "報告書.txt",
  "تقرير.txt",
  "🌊 wave.txt",
  "a+b=c & d; e.txt",
  "%2e%2e%2f.txt",
  ".hidden",
  "no extension",
  "two  spaces.txt",
  "e\u0301 decomposed.txt",
  "<not html>".replaceAll(/[<>]/g, "'"),
];
/** Names that Linux takes and OneDrive does not. */
const FORBIDDEN_NAMES = ["what?.txt", "a:b.txt", "trailing dot.", "~$lock.docx", "con"];

/** `files` files in folders, and what is odd: empty, in every script, linked, not allowed. */
export function fillFolder(root: string, files: number): void {
  for (let index = 0; index < files; index += 1) {
    const folder = join(root, `Folder ${Math.floor(index / FILES_A_FOLDER)}`, index % 2 === 0 ? "even" : "odd");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file ${index}.txt`), `${index} `.repeat(1 + (index % 500)));
  }
  const odd = join(root, "Odd");
  mkdirSync(odd);
  for (const name of ODD_NAMES) writeFileSync(join(odd, name), name);
  writeFileSync(join(odd, "empty.bin"), "");
  for (const name of FORBIDDEN_NAMES) writeFileSync(join(odd, name), "left out");
  symlinkSync(join(root, "Folder 0"), join(odd, "link to a folder"));
  symlinkSync("/etc/hostname", join(odd, "link to a file"));
}

/** The files of a folder that OneDrive could hold and this user can read, read from the disk. */
export function filesOf(root: string): SourceFile[] {
  const found: SourceFile[] = [];
  const walk = (path: string) => {
    for (const name of readdirSync(join(root, path))) {
      const at = `${path}/${name}`;
      const stats = lstatSync(join(root, at));
      if (stats.isDirectory()) walk(at);
      else if (stats.isFile() && !FORBIDDEN_NAMES.includes(name)) {
        const bytes = contentOf(join(root, at));
        if (bytes) found.push({ id: "", path: at, size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
      }
    }
  };
  walk("");
  return found;
}

function contentOf(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EACCES") return undefined;
    throw error;
  }
}
