// What part of a content a request asks for (RFC 9110, sections 13 and 14). No I/O.

type RangeAnswer = { kind: "whole" } | { kind: "part"; offset: number; length: number } | { kind: "unsatisfiable" };

/** The answer to `Range` and `If-Range` on a content of `size` bytes. Several ranges, and what makes no sense, mean the whole. */
export function rangeOf(size: number, etag: string, headers: { range?: string | undefined; ifRange?: string | undefined }): RangeAnswer {
  if (headers.ifRange !== undefined && headers.ifRange !== etag) return { kind: "whole" };
  const [, first, last] = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(headers.range ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return { kind: "whole" };
  if (first === "") return suffix(size, Number(last));
  const offset = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < offset) return { kind: "whole" };
  return offset >= size ? { kind: "unsatisfiable" } : { kind: "part", offset, length: end - offset + 1 };
}

function suffix(size: number, length: number): RangeAnswer {
  if (length === 0 || size === 0) return { kind: "unsatisfiable" };
  const bytes = Math.min(length, size);
  return { kind: "part", offset: size - bytes, length: bytes };
}

/** Whether `If-None-Match` names this content: then the reader has it already. */
export function matchesEtag(etag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/** Has the browser save the content under its name, in any script (RFC 6266), and never show it. */
export function attachment(name: string): string {
  return `attachment; ${fileName(name)}`;
}

/** Has the browser show the content, and call it by its name. */
export function inline(name: string): string {
  return `inline; ${fileName(name)}`;
}

function fileName(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `filename="${plain}"; filename*=UTF-8''${encoded}`;
}
