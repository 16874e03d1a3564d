import { z } from "zod";
import type { ProviderOptions } from "../options.ts";

/** Raised where the same page is written as other bytes than before: all are then fetched anew. */
export const CONVERSION = 1;

export const options = z.strictObject({
  pages: z
    .enum(["markdown", "html", "both"])
    .default("markdown")
    .describe("In which format pages are kept: as text (Markdown), as HTML, or as both. Attachments are kept as they are."),
});

export type PageFormat = "markdown" | "html";

export interface PageFile {
  /** The end of the id and of the name, with its dot. */
  extension: string;
  mimeType: string;
}

export const FILES: Readonly<Record<PageFormat, PageFile>> = {
  markdown: { extension: ".md", mimeType: "text/markdown" },
  html: { extension: ".html", mimeType: "text/html" },
};

/** The formats that a sync keeps pages in. */
export function formatsOf(given: Readonly<ProviderOptions> | undefined): readonly PageFormat[] {
  const parsed = options.safeParse(given ?? {});
  const pages = parsed.success ? parsed.data.pages : "markdown";
  return pages === "both" ? ["markdown", "html"] : [pages];
}
