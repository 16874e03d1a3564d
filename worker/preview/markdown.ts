import { Marked } from "marked";
import { escapeHtml } from "./escape.ts";

// Markdown as inert HTML: what is written in it as HTML stays text, links lead nowhere, and images are their descriptions.

const inert = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }) => escapeHtml(text),
    link({ href, tokens }) {
      const text = this.parser.parseInline(tokens);
      return `<span class="link" title="${escapeHtml(href)}">${text}</span>`;
    },
    image: ({ href, text }) => `<span class="image" title="${escapeHtml(href)}">[${escapeHtml(text === "" ? "image" : text)}]</span>`,
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

export function markdownHtml(source: string): string {
  return inert.parse(source, { async: false });
}
