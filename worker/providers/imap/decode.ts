// What was done to a part of a mail so that it survives the way, undone piece by piece. No I/O.

/** Takes a piece, gives what can be told of it by now; `null` is the end. */
export type Decoder = (piece: Uint8Array | null) => Uint8Array<ArrayBuffer>;

/** For a Content-Transfer-Encoding. What is not known is served as it is. */
export function decoderFor(encoding: string): Decoder {
  switch (encoding.trim().toLowerCase()) {
    case "base64":
      return base64();
    case "quoted-printable":
      return quotedPrintable();
    default:
      return (piece) => (piece === null ? new Uint8Array() : new Uint8Array(piece));
  }
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING = 61;
const SEXTETS = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = BASE64.indexOf(String.fromCharCode(code));
  return value < 0 ? 255 : value;
});

/** What is no base64 between it is passed over. Padding ends a run: some mails are several, one after another. */
function base64(): Decoder {
  let bits = 0;
  let count = 0;
  return (piece) => {
    if (piece === null) return new Uint8Array();
    const out = new Uint8Array(Math.ceil((piece.length * 3) / 4) + 3);
    let at = 0;
    for (const code of piece) {
      if (code === PADDING) count = 0;
      const value = SEXTETS[code] ?? 255;
      if (value === 255) continue;
      bits = ((bits << 6) | value) & 0xffffff;
      count += 6;
      if (count >= 8) {
        count -= 8;
        out[at++] = (bits >> count) & 255;
      }
    }
    return out.slice(0, at);
  };
}

const [EQUALS, CR, LF, SPACE, TAB] = [61, 13, 10, 32, 9];

/** Line by line: spaces at the end of a line are the way's, and a line that ends with `=` goes on with the next. */
function quotedPrintable(): Decoder {
  let rest = new Uint8Array();
  return (piece) => {
    const input = new Uint8Array(rest.length + (piece?.length ?? 0));
    input.set(rest);
    if (piece) input.set(piece, rest.length);
    const end = piece === null ? input.length : input.lastIndexOf(LF) + 1;
    rest = input.slice(end);
    const out: number[] = [];
    for (let from = 0; from < end;) {
      const lf = input.indexOf(LF, from);
      const to = lf < 0 || lf >= end ? end : lf + 1;
      decodeLine(input.subarray(from, to), out);
      from = to;
    }
    return Uint8Array.from(out);
  };
}

function decodeLine(line: Uint8Array, out: number[]): void {
  let end = line.length;
  if (line[end - 1] === LF) end -= 1;
  if (end < line.length && line[end - 1] === CR) end -= 1;
  const ending = line.subarray(end);
  while (end > 0 && (line[end - 1] === SPACE || line[end - 1] === TAB)) end -= 1;
  const soft = line[end - 1] === EQUALS;
  if (soft) end -= 1;
  for (let at = 0; at < end; at += 1) {
    const digits = line[at] === EQUALS && at + 2 < end ? String.fromCharCode(line[at + 1] ?? 0, line[at + 2] ?? 0) : "";
    if (/^[0-9a-f]{2}$/i.test(digits)) {
      out.push(Number.parseInt(digits, 16));
      at += 2;
    } else out.push(line[at] ?? 0);
  }
  if (!soft) out.push(...ending);
}
