/** In characters: what OneDrive takes, and everybody else. */
const PATH_LENGTH_MAX = 400;

const ODD_SHARE = 1 / 40;
const WORDS = ["report", "invoice", "minutes", "draft", "photo", "contract", "budget", "letter", "recording", "plan", "scan", "notes"];
const EXTENSIONS = ["pdf", "docx", "xlsx", "txt", "md", "jpg", "png", "json", "csv", "eml", "mp3", "zip"];
const FOLDER_WORDS = ["Projects", "Archive", "Clients", "Photos", "Finance", "Team", "Personal", "Research", "Travel", "Music"];
const ODD_NAMES: ((i: number) => string)[] = [
  (i) => `Отчёт за год ${i}.txt`,
  (i) => `報告書（最終版）${i}.docx`,
  (i) => `تقرير ${i}.pdf`,
  (i) => `रिपोर्ट ${i}.md`,
  (i) => `📄 idée n°${i} 🚀.txt`,
  (i) => `50% off #${i} & more.txt`,
  (i) => `100%25 already%20encoded ${i}.txt`,
  (i) => `a+b=c, 'quoted' [${i}] {x} (copy).txt`,
  (i) => `two  spaces  ${i} .txt`,
  (i) => `no-extension-${i}`,
  (i) => `.hidden-${i}`,
  (i) => `many.dots.in.${i}.tar.gz`,
  (i) => `cafe\u0301 decomposed ${i}.txt`,
  (i) => `café composed ${i}.txt`,
  (i) => `${"very long name ".repeat(8)}${i}.txt`,
];

/** The name of generated file `i`. The number keeps it unique in its folder; the first file of each folder has the same name everywhere. */
export function fileName(i: number, random: number, isFirst: boolean): string {
  if (isFirst) return "README.md";
  if (random / 2 ** 32 < ODD_SHARE) return (ODD_NAMES[i % ODD_NAMES.length] as (i: number) => string)(i);
  return `${WORDS[random % WORDS.length] ?? ""}-${String(i).padStart(6, "0")}.${EXTENSIONS[(random >>> 8) % EXTENSIONS.length] ?? ""}`;
}

export function folderName(i: number, random: number): string {
  if (i % 25 === 24) return `Ordner ${i} – Übersicht 資料 #${i}`;
  return `${FOLDER_WORDS[random % FOLDER_WORDS.length] ?? ""} ${i}`;
}

/** `count` names that, joined by slashes, make the longest path OneDrive takes. */
export function longNames(count: number): string[] {
  const length = Math.floor((PATH_LENGTH_MAX - (count - 1)) / count);
  const rest = PATH_LENGTH_MAX - (count - 1) - length * count;
  return Array.from({ length: count }, (_, i) => {
    const beginning = i === count - 1 ? "the end of a long way " : `level ${i + 1} of a long way `;
    const ending = i === count - 1 ? ".txt" : "";
    return beginning.padEnd(length - ending.length + (i === 0 ? rest : 0), "abcdefghij") + ending;
  });
}
