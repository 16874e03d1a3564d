import { docx, xlsx } from "../drives/formats/office.ts";
import { extensionOf } from "../drives/mime.ts";

export type ExportInfo = { export_as?: string; export_options?: string[] };

/** What documents that exist only on the web can be exported as, by their extensions; of other files, nothing. */
const EXPORTS: Record<string, ExportInfo> = {
  paper: { export_as: "markdown", export_options: ["html", "markdown"] },
  gdoc: { export_as: "docx" },
  gsheet: { export_as: "xlsx" },
  // Listed, and neither downloadable nor exportable.
  gmap: {},
};

export function exportOf(name: string): ExportInfo | undefined {
  return EXPORTS[extensionOf(name)];
}

const EXTENSIONS: Record<string, string> = { markdown: "md" };

/** A document in one of its formats, and the name that it is handed out under. */
export function exported(name: string, bytes: Uint8Array, format: string): { name: string; bytes: Uint8Array } {
  const text = Buffer.from(bytes).toString();
  const lines = text.split("\n");
  const made = (): Uint8Array => {
    if (format === "docx") return docx(lines);
    if (format === "xlsx") return xlsx(lines.map((line) => line.split(";")));
    if (format === "html") return Buffer.from(`<!DOCTYPE html><pre>${text.replaceAll("<", "&lt;")}</pre>`);
    return bytes;
  };
  return { name: `${name.slice(0, name.lastIndexOf("."))}.${EXTENSIONS[format] ?? format}`, bytes: made() };
}
