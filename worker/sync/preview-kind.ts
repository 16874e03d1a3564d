// What of a file can be shown, and as what. By its name: what a source says of its type is not to be relied upon. No I/O.

export const PREVIEW_KINDS = ["image", "pdf", "audio", "video", "text", "markdown", "mail"] as const;
export type PreviewKind = (typeof PREVIEW_KINDS)[number];

/** Those that a browser shows by itself, with the type that it is told. No type is ever taken from elsewhere. */
const MEDIA: Record<string, [kind: "image" | "pdf" | "audio" | "video", type: string]> = {
  png: ["image", "image/png"],
  jpg: ["image", "image/jpeg"],
  jpeg: ["image", "image/jpeg"],
  gif: ["image", "image/gif"],
  webp: ["image", "image/webp"],
  avif: ["image", "image/avif"],
  bmp: ["image", "image/bmp"],
  ico: ["image", "image/x-icon"],
  svg: ["image", "image/svg+xml"],
  pdf: ["pdf", "application/pdf"],
  mp3: ["audio", "audio/mpeg"],
  m4a: ["audio", "audio/mp4"],
  aac: ["audio", "audio/aac"],
  wav: ["audio", "audio/wav"],
  ogg: ["audio", "audio/ogg"],
  oga: ["audio", "audio/ogg"],
  opus: ["audio", "audio/ogg"],
  flac: ["audio", "audio/flac"],
  mp4: ["video", "video/mp4"],
  m4v: ["video", "video/mp4"],
  mov: ["video", "video/quicktime"],
  webm: ["video", "video/webm"],
  ogv: ["video", "video/ogg"],
};

const MARKDOWN = new Set(["md", "markdown", "mdown"]);
const MAIL = new Set(["eml"]);
const TEXT = new Set(
  (
    "txt text log csv tsv json jsonl ndjson xml html htm xhtml css scss less js mjs cjs ts tsx jsx svelte vue yaml yml toml ini conf cfg env " +
    "properties sh bash zsh fish ps1 bat cmd py rb php java kt kts scala go rs c h cc cpp hpp cs fs swift m mm lua pl r jl sql graphql proto " +
    "tex bib rst adoc org srt vtt ics vcf diff patch gitignore editorconfig dockerfile makefile geojson gpx kml"
  ).split(" "),
);

export interface Preview {
  kind: PreviewKind;
  /** Null: a page of ours, made from the file. */
  type: string | null;
}

/** Null where nothing can be shown. */
export function previewOf(name: string): Preview | null {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  if (Object.hasOwn(MEDIA, extension)) {
    const [kind, type] = MEDIA[extension] ?? [];
    return kind && type ? { kind, type } : null;
  }
  if (MARKDOWN.has(extension)) return { kind: "markdown", type: null };
  if (MAIL.has(extension)) return { kind: "mail", type: null };
  return TEXT.has(extension) ? { kind: "text", type: null } : null;
}
