import { personalStarterFiles, type StarterFile } from "../drives/starter-files.ts";

const CAROL = "carol@gmail.example";
const DAVE = "dave@workspace.example";
/** It may act for everybody of the workspace from the beginning. */
export const FIRST_SERVICE_ACCOUNT = "tidemark@service-accounts.example";
/** Everybody of the workspace is a member of these. */
export const COMPANY_DRIVES = ["marketing@shared-drives.example", "engineering@shared-drives.example"];

export const FIRST_ACCOUNTS = [CAROL, DAVE, FIRST_SERVICE_ACCOUNT, ...COMPANY_DRIVES];

/** Carol and Dave begin with files, everybody else with an empty drive. */
export function starterFiles(name: string): StarterFile[] {
  if (name === CAROL) return [...ordinary(), ...nativeFiles()];
  return name === DAVE ? [...nativeFiles(), text("Shared with the team/README.md", "# Team\n\nSee the shared drives.\n")] : [];
}

export function sharedDriveFiles(name: string): StarterFile[] {
  if (!COMPANY_DRIVES.includes(name)) return [];
  const subject = name.startsWith("marketing") ? "Campaign" : "Service";
  return [
    text("Welcome.txt", `${subject}s of the whole company.\n`),
    text(`${subject} 1/Plan.gdoc`, `# ${subject} 1\n\nBegin on Monday.\n`),
    text(`${subject} 1/Costs.gsheet`, "what,euro\nlamps,1200\noil,300\n"),
    text(`${subject} 2/notes.md`, `# ${subject} 2\n\n- to be done\n`),
  ];
}

function ordinary(): StarterFile[] {
  return personalStarterFiles().map(({ path, bytes }) => ({ path: path.replace("OneDrive", "Google Drive"), bytes }));
}

// One of each kind that Google's own editors make.
function nativeFiles(): StarterFile[] {
  return [
    text("Documents/Diary.gdoc", "# Diary\n\nThe tide came in at six.\n"),
    text("Documents/Tides.gsheet", "day,high,low\nMonday,4.1,0.6\nTuesday,4.3,0.5\n"),
    text("Documents/The harbour.gslides", "The harbour\nBoats\nLamps\n"),
    text("Documents/Map of the pier.gdraw", "A pier, seen from above.\n"),
    text("Documents/Who is coming.gform", "Will you come? When?\n"),
    text("Documents/Diary (shortcut).gshortcut", "Documents/Diary.gdoc\n"),
  ];
}

function text(path: string, content: string): StarterFile {
  return { path, bytes: Buffer.from(content) };
}
