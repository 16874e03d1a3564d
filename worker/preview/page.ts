import { escapeHtml } from "./escape.ts";
import { markdownHtml } from "./markdown.ts";
import { mailHtml } from "./mail.ts";

// Pages that show text, Markdown and mail. The frame that they are shown in, and the answer's own policy, let nothing run and nothing
// load: what is in a file can only be read.

/** Bytes of a file that are shown; of a mail, that are read to find its text. */
export const TEXT_BYTES_MAX = 1_000_000;
export const MARKDOWN_BYTES_MAX = 300_000;
export const MAIL_BYTES_MAX = 10_000_000;
const TEXT_CHARACTERS_MAX = 1_000_000;

const STYLE = `
:root { color-scheme: light; --ink: #12262b; --muted: #52666c; --line: #d8e0e2; --soft: #f1f5f6; --paper: #fff }
:root.dark { color-scheme: dark; --ink: #e4edef; --muted: #9fb2b8; --line: #2b3d43; --soft: #14252b; --paper: #0d1b20 }
body { margin: 0; padding: 1rem 1.25rem; background: var(--paper); color: var(--ink); font: 15px/1.6 system-ui, sans-serif; overflow-wrap: anywhere }
pre, code { font-family: ui-monospace, monospace; font-size: 13px }
pre { margin: 0; white-space: pre-wrap; unicode-bidi: plaintext }
article pre, article code { background: var(--soft); border-radius: 4px; padding: .1em .3em }
article pre { padding: .75rem 1rem; margin: 1em 0 }
article pre code { padding: 0 }
pre.mail { font: inherit; border-top: 1px solid var(--line); margin-top: 1rem; padding-top: 1rem }
table { border-collapse: collapse } th, td { text-align: start; vertical-align: top; padding: .25rem .75rem .25rem 0 }
article th, article td { border: 1px solid var(--line); padding: .25rem .75rem }
table.headers th { color: var(--muted); font-weight: 400 }
blockquote { margin: 1em 0; padding-inline-start: 1rem; border-inline-start: 3px solid var(--line); color: var(--muted) }
.link { text-decoration: underline } .image, .cut { color: var(--muted) }
h1, h2, h3 { line-height: 1.25 } h1 { font-size: 1.6rem } h2 { font-size: 1.25rem } hr { border: 0; border-top: 1px solid var(--line) }
`;

export interface PageRequest {
  kind: "text" | "markdown" | "mail";
  name: string;
  bytes: Uint8Array;
  /** The file goes on after these bytes. */
  cut: boolean;
  dark: boolean;
  nonce: string;
}

export async function previewPage({ kind, name, bytes, cut, dark, nonce }: PageRequest): Promise<string> {
  const body = kind === "mail" ? await mailHtml(bytes) : textBody(kind, bytes);
  const note = cut ? `<p class="cut">The file goes on; download it to read all of it.</p>` : "";
  return `<!doctype html><html lang="und"${dark ? ' class="dark"' : ""}><head><meta charset="utf-8"><title>${escapeHtml(name)}</title><meta name="viewport" content="width=device-width"><style nonce="${nonce}">${STYLE}</style></head><body><main tabindex="0" dir="auto">${body}${note}</main></body></html>`;
}

function textBody(kind: "text" | "markdown", bytes: Uint8Array): string {
  const text = decode(bytes);
  return kind === "markdown" ? `<article>${markdownHtml(text)}</article>` : `<pre>${escapeHtml(text.slice(0, TEXT_CHARACTERS_MAX))}</pre>`;
}

/** UTF-8, or UTF-16 where it says so; what is neither is taken for Western European. */
function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    // A character may have been cut in two at the end.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
