import { pdf } from "../drives/formats/documents.ts";
import { png } from "../drives/formats/media.ts";
import { docx, xlsx } from "../drives/formats/office.ts";
import { zip } from "../drives/formats/zip.ts";
import { extensionOf, mimeTypeOf } from "../drives/mime.ts";

// What Google's own editors make. In a drive of the sandbox it is a text file whose extension says which of them: `Plan.gdoc` is the
// document “Plan”, and its exports are made of the text: the same bytes as long as the text is the same.

const OFFICE = "application/vnd.openxmlformats-officedocument";
const APPS = "application/vnd.google-apps";
export const FOLDER_TYPE = `${APPS}.folder`;
export const SHORTCUT_TYPE = `${APPS}.shortcut`;

const KINDS: Readonly<Record<string, string>> = {
  gdoc: "document",
  gsheet: "spreadsheet",
  gslides: "presentation",
  gdraw: "drawing",
  gscript: "script",
  gvid: "vid",
  gform: "form",
  gsite: "site",
  gmap: "map",
  gshortcut: "shortcut",
};

type Maker = (text: string) => Buffer;
const plain: Maker = (text) => Buffer.from(text);
const asPdf: Maker = (text) => pdf(linesOf(text));

const EXPORTS: Readonly<Record<string, Readonly<Record<string, Maker>>>> = {
  document: {
    [`${OFFICE}.wordprocessingml.document`]: (text) => docx(linesOf(text)),
    "application/pdf": asPdf,
    "text/plain": plain,
    "text/markdown": plain,
  },
  spreadsheet: {
    [`${OFFICE}.spreadsheetml.sheet`]: (text) => xlsx(linesOf(text).map((line) => line.split(","))),
    "application/pdf": asPdf,
    "text/csv": plain,
    "text/tab-separated-values": (text) => Buffer.from(text.replaceAll(",", "\t")),
  },
  presentation: {
    [`${OFFICE}.presentationml.presentation`]: (text) =>
      zip(linesOf(text).map((line, i) => [`ppt/slides/slide${i + 1}.xml`, `<slide>${line}</slide>`] as const)),
    "application/pdf": asPdf,
    "text/plain": plain,
  },
  drawing: {
    "image/png": (text) => png(64, 64, text.length % 256),
    "image/svg+xml": (text) => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><title>${text.replace(/[<&]/g, "")}</title></svg>`),
    "application/pdf": asPdf,
  },
  script: { [`${APPS}.script+json`]: (text) => Buffer.from(JSON.stringify({ files: [{ name: "Code", source: text }] })) },
};

/** The type of a file for its name. */
export function typeOf(name: string): string {
  const kind = KINDS[extensionOf(name)];
  return kind === undefined ? mimeTypeOf(name) : `${APPS}.${kind}`;
}

export const isNative = (type: string): boolean => type.startsWith(`${APPS}.`) && type !== FOLDER_TYPE;

/** What a file is called: the extension of a native one is the sandbox's own. */
export function shownName(name: string): string {
  return isNative(typeOf(name)) ? name.slice(0, name.lastIndexOf(".")) : name;
}

/** The formats that a native file is handed out in. */
export const exportTypes = (type: string): string[] => Object.keys(EXPORTS[type.slice(APPS.length + 1)] ?? {});

/** The export; undefined where there is none in this format. */
export function exportOf(type: string, format: string, text: string): Buffer | undefined {
  return EXPORTS[type.slice(APPS.length + 1)]?.[format]?.(text);
}

/** All formats by type, as `about` tells them. */
export function exportFormats(): Record<string, string[]> {
  return Object.fromEntries(Object.keys(EXPORTS).map((kind) => [`${APPS}.${kind}`, exportTypes(`${APPS}.${kind}`)]));
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
