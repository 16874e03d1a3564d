import { stringOf } from "./tokens.ts";

// A mail taken apart as far as IMAP tells of it. Text is bytes, a character each.

export interface MimePart {
  header: string;
  body: string;
  type: string;
  subtype: string;
  parameters: [string, string][];
  parts: MimePart[];
  /** Of an attached mail: that mail. */
  message?: MimePart;
}

const DEPTH_MAX = 20;

export function parseMime(bytes: string, depth = 0): MimePart {
  const end = bytes.indexOf("\r\n\r\n");
  const header = bytes.startsWith("\r\n") ? "\r\n" : end < 0 ? bytes : bytes.slice(0, end + 4);
  const body = bytes.slice(header.length);
  const { value, parameters } = structured(field(header, "content-type") ?? "text/plain");
  const [type = "text", subtype = "plain"] = value.toLowerCase().split("/");
  const boundary = parameters.find(([name]) => name === "boundary")?.[1];
  const part: MimePart = { header, body, type, subtype, parameters, parts: [] };
  if (type === "multipart" && boundary !== undefined && depth < DEPTH_MAX) {
    part.parts = between(body, boundary).map((each) => parseMime(each, depth + 1));
  }
  if (type === "message" && subtype === "rfc822" && depth < DEPTH_MAX) part.message = parseMime(body, depth + 1);
  return part;
}

/** The bytes between a boundary's lines; the line end before each belongs to it. */
function between(body: string, boundary: string): string[] {
  const parts: string[] = [];
  const delimiter = `--${boundary}`;
  let from = -1;
  for (let at = 0; at <= body.length;) {
    const end = body.indexOf("\r\n", at);
    const line = body.slice(at, end < 0 ? body.length : end).trimEnd();
    const isEnd = line === `${delimiter}--`;
    if (line === delimiter || isEnd) {
      if (from >= 0) parts.push(body.slice(from, Math.max(from, at - 2)));
      from = isEnd || end < 0 ? -1 : end + 2;
    }
    if (isEnd || end < 0) break;
    at = end + 2;
  }
  return parts;
}

/** The first field of this name, its lines made one. */
export function field(header: string, name: string): string | null {
  const found = new RegExp(`^${name}:((?:.*)(?:\\r\\n[ \\t].*)*)`, "im").exec(header);
  return found ? (found[1] ?? "").replace(/\r\n[ \t]/g, " ").trim() : null;
}

function structured(text: string): { value: string; parameters: [string, string][] } {
  const [value = "", ...rest] = text.match(/(?:[^;"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  const parameters = rest.flatMap((each): [string, string][] => {
    const [, name = "", quoted, plain = ""] = /^\s*([^=\s]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(.*))$/.exec(each) ?? [];
    return name === "" ? [] : [[name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? plain.trim()]];
  });
  return { value: value.trim(), parameters };
}

export function envelopeOf({ header }: MimePart): string {
  const from = addresses(field(header, "from"));
  const or = (name: string) => (field(header, name) === null ? from : addresses(field(header, name)));
  const text = (name: string) => stringOf(field(header, name));
  return `(${[text("date"), text("subject"), from, or("sender"), or("reply-to"), ...["to", "cc", "bcc"].map((name) => addresses(field(header, name))), text("in-reply-to"), text("message-id")].join(" ")})`; // prettier-ignore
}

function addresses(text: string | null): string {
  if (text === null) return "NIL";
  const each = text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return `(${each
    .map((one) => {
      const [, name, bracketed, plain] = /^\s*(?:(.*?)\s*<([^>]*)>|(\S+))\s*$/.exec(one) ?? [];
      const [mailbox = "", host = ""] = (bracketed ?? plain ?? "").split("@");
      return `(${stringOf(name ? name.replace(/^"|"$/g, "") : null)} NIL ${stringOf(mailbox)} ${stringOf(host)})`;
    })
    .join("")})`;
}

/** With all that BODYSTRUCTURE adds to BODY. */
export function structureOf(part: MimePart): string {
  const disposition = field(part.header, "content-disposition");
  const { value, parameters } = structured(disposition ?? "");
  const extension = `${disposition === null ? "NIL" : `(${stringOf(value)} ${list(parameters)})`} NIL NIL`;
  if (part.parts.length > 0) {
    return `(${part.parts.map(structureOf).join("")} ${stringOf(part.subtype)} ${list(part.parameters)} ${extension})`;
  }
  const basic = [
    stringOf(part.type),
    stringOf(part.subtype),
    list(part.parameters),
    stringOf(field(part.header, "content-id")),
    stringOf(field(part.header, "content-description")),
    stringOf(field(part.header, "content-transfer-encoding") ?? "7BIT"),
    String(part.body.length),
  ];
  const lines = String(part.body.split("\r\n").length - 1);
  if (part.message) basic.push(envelopeOf(part.message), structureOf(part.message), lines);
  else if (part.type === "text") basic.push(lines);
  return `(${basic.join(" ")} NIL ${extension})`;
}

function list(parameters: readonly [string, string][]): string {
  if (parameters.length === 0) return "NIL";
  return `(${parameters.map(([name, value]) => `${stringOf(name)} ${stringOf(value)}`).join(" ")})`;
}

/** The bytes of a section, such as `2.1.MIME`; null where there is none. */
export function sectionOf(whole: string, root: MimePart, section: string): string | null {
  const [, numbers = "", what = ""] = /^((?:\d+(?:\.(?=\d))?)*)\.?(.*)$/.exec(section) ?? [];
  let part: MimePart | undefined = root;
  for (const step of numbers === "" ? [] : numbers.split(".").map(Number)) {
    const holder: MimePart = part.message ?? part;
    part = holder.parts.length > 0 ? holder.parts[step - 1] : step === 1 ? holder : undefined;
    if (part === undefined) return null;
  }
  const message = numbers === "" ? root : part.message;
  const [kind = "", ...names] = what
    .toUpperCase()
    .split(/[ ()]+/)
    .filter((word) => word !== "");
  switch (kind) {
    case "":
      return numbers === "" ? whole : part.body;
    case "MIME":
      return part.header;
    case "HEADER":
      return message?.header ?? null;
    case "TEXT":
      return message?.body ?? null;
    case "HEADER.FIELDS":
    case "HEADER.FIELDS.NOT":
      return message ? fieldsOf(message.header, names, kind === "HEADER.FIELDS") : null;
    default:
      return null;
  }
}

function fieldsOf(header: string, names: readonly string[], wanted: boolean): string {
  const fields = header.match(/^[^\s:]+:.*(?:\r\n[ \t].*)*\r\n/gm) ?? [];
  return `${fields.filter((one) => names.includes(one.slice(0, one.indexOf(":")).toUpperCase()) === wanted).join("")}\r\n`;
}
