import { pdf } from "../drives/formats/documents.ts";
import { docx, xlsx } from "../drives/formats/office.ts";
import type { StarterFile } from "../drives/starter-files.ts";

const ERIN = "erin@autodesk.example";
const QUAY = "quay@autodesk-projects.example";
const BRIDGE = "bridge@autodesk-emea.example";
const APP = "sandbox-app@autodesk-apps.example";
const SERVICE_ACCOUNT = "tidemark@autodesk-service-accounts.example";

export const FIRST_ACCOUNTS = [ERIN, QUAY, BRIDGE, APP, SERVICE_ACCOUNT];
/** Who is in which project from the beginning; of an app, which accounts' administrators have let it in. */
export const FIRST_MEMBERS: readonly (readonly [project: string, member: string])[] = [
  [QUAY, ERIN],
  [BRIDGE, ERIN],
  [QUAY, APP],
  [BRIDGE, APP],
  [QUAY, SERVICE_ACCOUNT],
];

/** What the first projects hold; everybody else's begins empty. */
export function starterFiles(name: string): StarterFile[] {
  if (name === ERIN) return [text("Project Files/Notes/Erin's list.md", "# To do\n\n- order the piles\n")];
  if (name === QUAY) return quay();
  return name === BRIDGE ? bridge() : [];
}

function quay(): StarterFile[] {
  return [
    text("Project Files/01 Architecture/Quay wall.ifc", ifc("Quay wall")),
    { path: "Project Files/01 Architecture/Sheets/A-101 Plan.pdf", bytes: pdf(["A-101", "Plan of the quay, 1:200"]) },
    { path: "Project Files/01 Architecture/Sheets/A-102 Section.pdf", bytes: pdf(["A-102", "Section of the quay, 1:50"]) },
    {
      path: "Project Files/02 Structure/Piles.xlsx",
      bytes: xlsx([["Pile", "Depth in m"], ...[1, 2, 3].map((no) => [no, 12 + no] as const)]),
    },
    text("Project Files/02 Structure/Coordination.nwd", "Navisworks, as the sandbox has it.\n"),
    text("Project Files/02 Structure/Quay (composite).rvt", "PK: a model and those that it links, as one archive.\n"),
    text("Project Files/02 Structure/Quay (cloud model).rvt", ""),
    { path: "Project Files/03 Contracts/Contract.docx", bytes: docx(["Contract", "The quay is to be finished in spring."]) },
    text("Project Files/03 Contracts/Übersicht/潮位表.txt", "満潮 6時\n"),
  ];
}

function bridge(): StarterFile[] {
  return [
    { path: "Plans/B-201 Pylon.pdf", bytes: pdf(["B-201", "The pylon, 1:100"]) },
    text("Project Files/Deck.dwg", "AC1032, as the sandbox has it.\n"),
    text("Project Files/Survey/points.csv", "no,x,y,z\n1,10.5,20.1,3.3\n"),
  ];
}

const ifc = (name: string): string =>
  `ISO-10303-21;\nHEADER;\nFILE_NAME('${name}','2026-01-01',(''),(''),'','','');\nENDSEC;\nEND-ISO-10303-21;\n`;
const text = (path: string, content: string): StarterFile => ({ path, bytes: Buffer.from(content) });
