import { z } from "zod";
import type { ProviderOptions } from "../options.ts";

// What Google's own editors make has no bytes: it is handed out in another format, or not at all.

const APPS = "application/vnd.google-apps.";
const OFFICE = "application/vnd.openxmlformats-officedocument.";

export const options = z.strictObject({
  exports: z
    .enum(["office", "pdf", "markdown", "none"])
    .default("office")
    .describe("In which format Google's own documents are kept: as Office files, as PDF, as text (Markdown), or not at all."),
});

export type Exports = z.infer<typeof options>["exports"];

export interface Format {
  mimeType: string;
  /** Without the dot. */
  extension: string;
}

const DOCX: Format = { mimeType: `${OFFICE}wordprocessingml.document`, extension: "docx" };
const XLSX: Format = { mimeType: `${OFFICE}spreadsheetml.sheet`, extension: "xlsx" };
const PPTX: Format = { mimeType: `${OFFICE}presentationml.presentation`, extension: "pptx" };
const PDF: Format = { mimeType: "application/pdf", extension: "pdf" };
const PNG: Format = { mimeType: "image/png", extension: "png" };
const MARKDOWN: Format = { mimeType: "text/markdown", extension: "md" };
const TEXT: Format = { mimeType: "text/plain", extension: "txt" };
const SCRIPT: Format = { mimeType: `${APPS}script+json`, extension: "json" };

/** By kind. As text a spreadsheet is still a workbook: CSV has its first sheet only. Forms, sites, maps and videos have no format at all. */
const FORMATS: Record<Exclude<Exports, "none">, Record<string, Format>> = {
  office: { document: DOCX, spreadsheet: XLSX, presentation: PPTX, drawing: PNG, script: SCRIPT },
  pdf: { document: PDF, spreadsheet: PDF, presentation: PDF, drawing: PDF, script: SCRIPT },
  markdown: { document: MARKDOWN, spreadsheet: XLSX, presentation: TEXT, drawing: PNG, script: SCRIPT },
};

export const isNative = (mimeType: string | null | undefined): boolean => mimeType?.startsWith(APPS) === true;

/** The format that a file of this type is kept in; null where there is none. */
export function formatOf(mimeType: string, exports: Exports): Format | null {
  return exports === "none" ? null : (FORMATS[exports][mimeType.slice(APPS.length)] ?? null);
}

export function exportsOf(given: Readonly<ProviderOptions> | undefined): Exports {
  const parsed = options.safeParse(given ?? {});
  return parsed.success ? parsed.data.exports : "office";
}

/** The name that a file has in this format. */
export function exportedName(name: string, { extension }: Format): string {
  return name.toLowerCase().endsWith(`.${extension}`) ? name : `${name}.${extension}`;
}
