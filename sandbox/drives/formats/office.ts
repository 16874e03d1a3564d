import { escapeHtml } from "../../html.ts";
import { zip } from "./zip.ts";

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const TYPES = "http://schemas.openxmlformats.org/package/2006/content-types";
const RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const FORMAT = "application/vnd.openxmlformats-officedocument";

/** A Word document of plain paragraphs. */
export function docx(paragraphs: readonly string[]): Buffer {
  const body = paragraphs.map((text) => `<w:p><w:r><w:t xml:space="preserve">${escapeHtml(text)}</w:t></w:r></w:p>`).join("");
  return zip([
    ["[Content_Types].xml", contentTypes([["/word/document.xml", `${FORMAT}.wordprocessingml.document.main+xml`]])],
    ["_rels/.rels", relationships([["officeDocument", "word/document.xml"]])],
    [
      "word/document.xml",
      `${XML}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`,
    ],
  ]);
}

/** A workbook of one sheet. */
export function xlsx(rows: readonly (readonly (string | number)[])[]): Buffer {
  const cell = (value: string | number): string =>
    typeof value === "number" ? `<c><v>${value}</v></c>` : `<c t="inlineStr"><is><t>${escapeHtml(value)}</t></is></c>`;
  const sheet = rows.map((row) => `<row>${row.map(cell).join("")}</row>`).join("");
  const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  return zip([
    [
      "[Content_Types].xml",
      contentTypes([
        ["/xl/workbook.xml", `${FORMAT}.spreadsheetml.sheet.main+xml`],
        ["/xl/worksheets/sheet1.xml", `${FORMAT}.spreadsheetml.worksheet+xml`],
      ]),
    ],
    ["_rels/.rels", relationships([["officeDocument", "xl/workbook.xml"]])],
    [
      "xl/workbook.xml",
      `${XML}<workbook xmlns="${main}" xmlns:r="${OFFICE}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    ],
    ["xl/_rels/workbook.xml.rels", relationships([["worksheet", "worksheets/sheet1.xml"]])],
    ["xl/worksheets/sheet1.xml", `${XML}<worksheet xmlns="${main}"><sheetData>${sheet}</sheetData></worksheet>`],
  ]);
}

function contentTypes(parts: readonly (readonly [name: string, type: string])[]): string {
  const overrides = parts.map(([name, type]) => `<Override PartName="${name}" ContentType="${type}"/>`).join("");
  const defaults =
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>';
  return `${XML}<Types xmlns="${TYPES}">${defaults}${overrides}</Types>`;
}

function relationships(targets: readonly (readonly [type: string, target: string])[]): string {
  const rows = targets.map(([type, target], i) => `<Relationship Id="rId${i + 1}" Type="${OFFICE}/${type}" Target="${target}"/>`).join("");
  return `${XML}<Relationships xmlns="${RELATIONSHIPS}">${rows}</Relationships>`;
}
