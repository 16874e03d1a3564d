import { docx, xlsx } from "./formats/office.ts";
import { eml, pdf } from "./formats/documents.ts";
import { png, wav } from "./formats/media.ts";

export type StarterFile = { path: string; bytes: Buffer };

const LANGUAGES: readonly (readonly [name: string, title: string, text: string])[] = [
  ["English", "Notes", "The tide comes in, and the tide goes out. What it leaves behind is written down here."],
  ["Deutsch", "Notizen über Übergänge", "Die Flut kommt, die Flut geht. Was sie zurücklässt, steht hier – größtenteils."],
  ["Français", "Idées à garder", "La marée monte, la marée descend ; ce qu’elle laisse est noté ici."],
  ["Español", "Año nuevo", "La marea sube y la marea baja. ¿Qué deja? Está escrito aquí."],
  ["Русский", "Заметки", "Прилив приходит и уходит. То, что он оставляет, записано здесь."],
  ["Ελληνικά", "Σημειώσεις", "Η παλίρροια έρχεται και φεύγει. Ό,τι αφήνει γράφεται εδώ."],
  ["日本語", "覚え書き", "潮は満ち、潮は引く。残されたものをここに記す。"],
  ["中文", "笔记", "潮起潮落,留下的都记在这里。"],
  ["한국어", "메모", "밀물이 들고 썰물이 난다. 남은 것을 여기에 적는다."],
  ["العربية", "ملاحظات", "يأتي المد ويذهب، وما يتركه مكتوب هنا."],
  ["עברית", "הערות", "הגאות באה והולכת. מה שהיא משאירה כתוב כאן."],
  ["हिन्दी", "टिप्पणियाँ", "ज्वार आता है, ज्वार जाता है। जो रह जाता है वह यहाँ लिखा है।"],
  ["ไทย", "บันทึก", "น้ำขึ้นแล้วน้ำก็ลง สิ่งที่เหลือถูกเขียนไว้ที่นี่"],
];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const CLIENTS = ["Harbour & Sons", "Müller GmbH", "O'Brien Ltd", "Ακτή ΑΕ", "港口株式会社"];
const NOTE = 440;

/** What alice's drive begins with: some two hundred small files of many kinds, the same every time. */
export function workStarterFiles(): StarterFile[] {
  return [
    ...languages(),
    ...finance(),
    ...clients(),
    ...pictures("Pictures/Holiday at the sea", 40),
    ...recordings(),
    ...mails(),
    ...projects(),
    ...oddities(),
  ];
}

/** What bob's drive begins with. */
export function personalStarterFiles(): StarterFile[] {
  return [
    text("Welcome to OneDrive.md", "# Welcome\n\nThese are Bob's own files.\n"),
    { path: "Documents/CV.docx", bytes: docx(["Bob Example", "Sailor, since 2011"]) },
    { path: "Documents/Budget.xlsx", bytes: xlsx([["Month", "Euro"], ...MONTHS.map((month, i) => [month, 200 + i * 7] as const)]) },
    { path: "Documents/Letter.pdf", bytes: pdf(["Dear Alice,", "the boat is dry again.", "Bob"]) },
    text("Documents/Recipes/Fischsuppe.txt", "Fisch, Wasser, Salz, Fenchel – und Zeit.\n"),
    text("Documents/Recipes/魚のスープ.txt", "魚、水、塩。\n"),
    text("Documents/empty.txt", ""),
    ...pictures("Pictures/Boat", 8),
    { path: "Music/Harbour bell.wav", bytes: wav(2, 660) },
    { path: "Music/Fog horn.wav", bytes: wav(3, 110) },
    text("Notes/todo.md", "- [x] paint the hull\n- [ ] mend the sail\n"),
    text("Notes/ideas.txt", "A longer mast?\n"),
  ];
}

/** What a library of the tenant's sites begins with. */
export function libraryStarterFiles(title: string): StarterFile[] {
  return [
    text("General/README.md", `# ${title}\n\nWhat belongs to all of us.\n`),
    { path: "General/Plan.docx", bytes: docx([`Plan: ${title}`, "First the keel, then the mast."]) },
    { path: "General/Numbers.xlsx", bytes: xlsx([["Month", "Euro"], ...MONTHS.map((month, i) => [month, 900 + i * 13] as const)]) },
    { path: "Minutes/Minutes 1.pdf", bytes: pdf([`${title}: minutes`, "All agreed."]) },
    text("Minutes/notes.txt", `${title}: bring the charts.\n`),
    ...pictures("Pictures", 3),
  ];
}

const text = (path: string, content: string): StarterFile => ({ path, bytes: Buffer.from(content) });

function languages(): StarterFile[] {
  return LANGUAGES.flatMap(([language, title, sentence]) => [
    text(`Documents/Languages/${language}/${title}.md`, `# ${title}\n\n${sentence}\n\n- ${language}\n- 🌊\n`),
    text(`Documents/Languages/${language}/${title}.txt`, `${`${sentence}\n`.repeat(12)}`),
  ]);
}

function finance(): StarterFile[] {
  return MONTHS.flatMap((month, i) => {
    const number = String(i + 1).padStart(2, "0");
    const rows = Array.from({ length: 20 }, (_, row) => [row + 1, `Item ${row + 1}`, (row + 1) * (i + 3)] as const);
    return [
      { path: `Finance/2026/${number} ${month}/Accounts ${month}.xlsx`, bytes: xlsx([["No.", "What", "Euro"], ...rows]) },
      {
        path: `Finance/2026/${number} ${month}/Invoice 2026-${number}.pdf`,
        bytes: pdf([`Invoice 2026-${number}`, `For services in ${month}`, `Total: ${(i + 1) * 1250} EUR`]),
      },
      text(
        `Finance/2026/${number} ${month}/bookings.csv`,
        [
          "date;account;amount",
          ...rows.map(([no, , amount]) => `2026-${number}-${String((no % 28) + 1).padStart(2, "0")};${4000 + no};${amount}.00`),
        ].join("\r\n"),
      ),
    ];
  });
}

function clients(): StarterFile[] {
  return CLIENTS.flatMap((client, i) => [
    {
      path: `Clients/${client}/Contract.docx`,
      bytes: docx([`Contract with ${client}`, "1. Both sides keep their word.", "2. The harbour stays open."]),
    },
    {
      path: `Clients/${client}/Minutes ${2021 + i}.docx`,
      bytes: docx([`Minutes ${2021 + i}`, ...MONTHS.map((month) => `${month}: nothing new.`)]),
    },
    { path: `Clients/${client}/Contract signed.pdf`, bytes: pdf([`Contract no. ${100 + i}`, "Signed."]) },
    text(`Clients/${client}/README.md`, `# ${client}\n\nContact: client${i}@example.com\n`),
    text(`Clients/${client}/notes.txt`, `Call back on day ${i + 3}.\n`.repeat(i + 1)),
  ]);
}

function pictures(folder: string, count: number): StarterFile[] {
  return Array.from({ length: count }, (_, i) => ({
    path: `${folder}/IMG_${String(i + 1).padStart(4, "0")}.png`,
    bytes: png(160 + i * 8, 120 + i * 4, i + 1),
  }));
}

function recordings(): StarterFile[] {
  return Array.from({ length: 8 }, (_, i) => ({ path: `Recordings/Tone ${i + 1}.wav`, bytes: wav(0.5 + i / 4, NOTE * 2 ** (i / 12)) }));
}

function mails(): StarterFile[] {
  return Array.from({ length: 16 }, (_, i) => {
    const [language = "", title = "", sentence = ""] = LANGUAGES[i % LANGUAGES.length] ?? [];
    const mail = {
      from: "bob@outlook.example",
      to: "alice@contoso.example",
      subject: `${title} (${language})`,
      date: new Date(Date.UTC(2026, i % 12, i + 1)),
      body: `${sentence}\n\nBob`,
    };
    return { path: `Mail/${2025 + (i % 2)}/Letter ${i + 1}.eml`, bytes: eml(mail) };
  });
}

function projects(): StarterFile[] {
  const files: StarterFile[] = [];
  for (let project = 1; project <= 6; project++) {
    const base = `Projects/Lighthouse ${project}`;
    files.push(
      text(`${base}/README.md`, `# Lighthouse ${project}\n\nA plan in three parts.\n`),
      text(`${base}/src/index.html`, `<!DOCTYPE html><title>Lighthouse ${project}</title><p>Light.</p>\n`),
      text(
        `${base}/src/data.json`,
        `${JSON.stringify({ project, lamps: Array.from({ length: project * 5 }, (_, i) => i * project) }, null, 2)}\n`,
      ),
      text(
        `${base}/src/logo.svg`,
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="${project / 2}"/></svg>\n`,
      ),
      { path: `${base}/Plan.docx`, bytes: docx([`Plan of lighthouse ${project}`, "Build it high.", "Keep it lit."]) },
      { path: `${base}/Drawing.png`, bytes: png(240, 240, project * 11) },
    );
  }
  return files;
}

function oddities(): StarterFile[] {
  const deep = Array.from({ length: 15 }, (_, i) => `level ${i + 1}`).join("/");
  return [
    text("empty.txt", ""),
    text("Odd names/50% off #1 & more.txt", "Percent, hash and ampersand.\n"),
    text("Odd names/100%25 already%20encoded.txt", "This name looks percent-encoded, and is not.\n"),
    text("Odd names/🌊🐚 shells.txt", "Two emoji.\n"),
    text("Odd names/no extension", "None.\n"),
    text("Odd names/.hidden", "Hidden on some systems.\n"),
    text("Odd names/cafe\u0301.txt", "An e and a combining accent.\n"),
    text("Odd names/caf\u00e9.txt", "One letter with its accent.\n"),
    text(`Odd names/${"a very long name ".repeat(12)}.txt`, "Long.\n"),
    text("Odd names/semi;colon, comma's [brackets] {braces} + plus = equals.txt", "All legal.\n"),
    text(`Deep/${deep}/treasure.txt`, "Found it.\n"),
    text("Deep/README.md", "Go on.\n"),
  ];
}
