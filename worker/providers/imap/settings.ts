import { ProviderError } from "../errors.ts";
import type { FormField, FormValues } from "../provider.ts";
import { expectPublicHost } from "../public-host.ts";

const TLS_PORT = 993;
const STARTTLS_PORT = 143;
const PORT_MAX = 65_535;
/** Mail is handed in there, never read. */
const SUBMISSION_PORTS: ReadonlySet<number> = new Set([25, 465, 587]);

/** Encrypted from the first byte, after the server was asked in the clear, or never. */
export type Security = "tls" | "starttls" | "none";

export interface ImapSettings {
  host: string;
  port: number;
  security: Security;
  user: string;
  /** Absent: access is by tokens. */
  password?: string;
}

/** Which server, and whose mail. */
export const SERVER_FIELDS: readonly FormField[] = [
  { name: "host", label: "Server", kind: "host", required: true, placeholder: "imap.example.com", help: "The IMAP server's name, as your mail provider's help pages give it." }, // prettier-ignore
  { name: "port", label: "Port", kind: "port", required: false, placeholder: String(TLS_PORT), help: "Left empty it is 993, which is right almost everywhere." }, // prettier-ignore
  { name: "security", label: "Encryption", kind: "text", required: false, placeholder: "tls", help: "“tls”, or “starttls” for servers that only know port 143. Left empty it follows from the port." }, // prettier-ignore
  {
    name: "user",
    label: "User name",
    kind: "text",
    required: true,
    placeholder: "you@example.com",
    help: "Mostly the whole mail address.",
  },
];

export const PASSWORD_FIELDS: readonly FormField[] = [
  ...SERVER_FIELDS,
  { name: "password", label: "Password", kind: "secret", required: true, help: "Where your provider has app passwords, make one for Tidemark: it can be taken back on its own." }, // prettier-ignore
];

/** What was filled in, made sense of. Throws `unsupported` with what is wrong. `origin`: where this Tidemark runs; in development anything goes. */
export function settingsOf(values: FormValues, origin: string): ImapSettings {
  const host = (values["host"] ?? "").trim().replace(/\.$/, "").toLowerCase();
  if (host === "" || !/^[a-z0-9._-]+$|^\[?[0-9a-f:.]+\]?$/i.test(host) || /^[^[:]+:\d+$/.test(host))
    throw refused("The server is its name alone, such as imap.example.com; the port has a field of its own.");
  expectPublicHost(host, origin);
  const development = new URL(origin).hostname === "localhost";
  const given = (values["security"] ?? "").trim().toLowerCase();
  const port = portOf((values["port"] ?? "").trim(), given);
  const security = given === "" ? (port === STARTTLS_PORT ? "starttls" : "tls") : given;
  if (security === "none" && !development) throw refused("Mail and password must not be read on the way: use “tls” or “starttls”.");
  if (security !== "tls" && security !== "starttls" && security !== "none") throw refused("Encryption is “tls” or “starttls”.");
  const user = (values["user"] ?? "").trim();
  // Line breaks and the like would become commands of their own.
  if (user === "" || hasControls(user)) throw refused("The user name is missing, or has characters that no name has.");
  const { password } = values;
  if (password !== undefined && hasControls(password))
    throw refused("The password has characters that no password has: copy it once more.");
  return { host: host.replace(/^\[|\]$/g, ""), port, security, user, ...(password !== undefined && { password }) };
}

function portOf(text: string, security: string): number {
  if (text === "") return security === "starttls" || security === "none" ? STARTTLS_PORT : TLS_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > PORT_MAX) throw refused(`The port is a number from 1 to ${PORT_MAX}, mostly ${TLS_PORT}.`);
  if (SUBMISSION_PORTS.has(port)) throw refused(`Port ${port} is for sending mail. It is read at ${TLS_PORT}, or ${STARTTLS_PORT}.`);
  return port;
}

function hasControls(text: string): boolean {
  return [...text].some((character) => character < " " || character === "\u007f");
}

function refused(message: string): ProviderError {
  return new ProviderError("unsupported", message);
}
