import { Parser } from "htmlparser2";
import PostalMime, { type Address } from "postal-mime";
import { escapeHtml } from "./escape.ts";

// A mail as a page: its headers, its text, and what is attached by name. HTML is read for its text only, so nothing in it is loaded,
// run or followed.

const SILENT = new Set(["script", "style", "head", "title", "template", "noscript"]);
const BLOCKS = new Set(
  "address article blockquote br dd div dl dt footer form h1 h2 h3 h4 h5 h6 header hr li main ol p pre section table tr ul".split(" "),
);
const ATTACHMENTS_MAX = 100;

export async function mailHtml(bytes: Uint8Array): Promise<string> {
  const mail = await PostalMime.parse(bytes);
  const headers: [string, string][] = [
    ["From", addresses(mail.from === undefined ? [] : [mail.from])],
    ["To", addresses(mail.to ?? [])],
    ["Cc", addresses(mail.cc ?? [])],
    ["Date", dateText(mail.date)],
    ["Subject", mail.subject ?? ""],
  ];
  const rows = headers.filter(([, value]) => value !== "").map(([name, value]) => `<tr><th>${name}</th><td>${escapeHtml(value)}</td></tr>`);
  const text = mail.text ?? (mail.html === undefined ? "" : htmlText(mail.html));
  const names = mail.attachments.slice(0, ATTACHMENTS_MAX).map(({ filename, mimeType }) => `<li>${escapeHtml(filename ?? mimeType)}</li>`);
  const attached = names.length === 0 ? "" : `<h2>Attached</h2><ul>${names.join("")}</ul>`;
  return `<table class="headers">${rows.join("")}</table><pre class="mail">${escapeHtml(text.trim())}</pre>${attached}`;
}

/** In words where it is a time, and as it stands in the mail where it is none. */
function dateText(date: string | undefined): string {
  const at = Date.parse(date ?? "");
  return Number.isNaN(at) ? (date ?? "") : new Date(at).toUTCString();
}

/** The text of HTML, a line for each block. */
export function htmlText(html: string): string {
  let text = "";
  let silent = 0;
  const parser = new Parser({
    onopentagname(name) {
      if (SILENT.has(name)) silent += 1;
      else if (BLOCKS.has(name) && !text.endsWith("\n")) text += "\n";
      else if (name === "td" || name === "th") text += " ";
    },
    ontext(data) {
      if (silent === 0) text += data.replace(/\s+/g, " ");
    },
    onclosetag(name) {
      if (SILENT.has(name)) silent -= 1;
      else if (BLOCKS.has(name) && !text.endsWith("\n\n")) text += "\n";
    },
  });
  parser.end(html);
  return text;
}

function addresses(list: readonly Address[]): string {
  return list
    .flatMap((each) => (each.group === undefined ? [each] : each.group))
    .map(({ name, address }) => (name === "" ? (address ?? "") : `${name} <${address ?? ""}>`))
    .join(", ");
}
