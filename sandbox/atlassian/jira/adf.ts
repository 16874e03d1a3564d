/** A text as the Atlassian Document Format: its paragraphs. What is a document already stays as it is. */
export function asDocument(text: unknown): unknown {
  if (typeof text !== "string") return text ?? null;
  const content = text.split(/\n{2,}/).map((part) => ({ type: "paragraph", content: part === "" ? [] : [{ type: "text", text: part }] }));
  return document(...content);
}

export const document = (...content: object[]) => ({ version: 1, type: "doc", content });
export const text = (value: string, ...marks: (string | object)[]) => ({
  type: "text",
  text: value,
  ...(marks.length > 0 && { marks: marks.map((mark) => (typeof mark === "string" ? { type: mark } : mark)) }),
});
export const paragraph = (...content: (string | object)[]) => ({
  type: "paragraph",
  content: content.map((part) => (typeof part === "string" ? text(part) : part)),
});
export const heading = (level: number, value: string) => ({ type: "heading", attrs: { level }, content: [text(value)] });
export const bullets = (...items: string[]) => ({
  type: "bulletList",
  content: items.map((item) => ({ type: "listItem", content: [paragraph(item)] })),
});
export const tasks = (...items: [string, boolean][]) => ({
  type: "taskList",
  attrs: { localId: "list" },
  content: items.map(([item, done], index) => ({
    type: "taskItem",
    attrs: { localId: String(index), state: done ? "DONE" : "TODO" },
    content: [text(item)],
  })),
});
export const table = (...rows: string[][]) => ({
  type: "table",
  attrs: { isNumberColumnEnabled: false, layout: "default" },
  content: rows.map((cells, row) => ({
    type: "tableRow",
    content: cells.map((cell) => ({ type: row === 0 ? "tableHeader" : "tableCell", attrs: {}, content: [paragraph(cell)] })),
  })),
});
export const code = (language: string, value: string) => ({ type: "codeBlock", attrs: { language }, content: [text(value)] });
export const panel = (panelType: string, ...content: object[]) => ({ type: "panel", attrs: { panelType }, content });
export const picture = (alt: string) => ({
  type: "mediaSingle",
  attrs: { layout: "center" },
  content: [{ type: "media", attrs: { type: "file", id: "6f1b1a9e-3c1f-4f0e-9d59-8f1a6c1b7f00", collection: "", alt } }],
});
