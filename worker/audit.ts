// What the audit trail knows: which deeds are noted, and how little of the caller with them. Pure.

/** What is done with an account, or by its owner to what cannot be taken back. */
export const AUDIT_ACTIONS = [
  "session.begun",
  "session.ended",
  "session.ended_others",
  "session.ended_all",
  "identity.linked",
  "identity.unlinked",
  "token.made",
  "token.revoked",
  "connection.made",
  "connection.reconnected",
  "connection.removed",
  "sync.deleted",
  "run.approved",
  "run.discarded",
  "item.restored",
  "version.restored",
  "account.exported",
  "account.erasure_begun",
  "admin.read",
  "admin.changed",
  "admin.ran",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

const IPV4 = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/;
/** Of an IPv6 address: what an organisation or a household is given, at most. */
const IPV6_GROUPS_KEPT = 3;

const BROWSERS: readonly [name: string, mark: RegExp][] = [
  ["Edge", /\bEdg(?:e|A|iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Samsung Internet", /\bSamsungBrowser\//],
  ["Firefox", /\b(?:Firefox|FxiOS)\//],
  ["Chrome", /\b(?:Chrome|CriOS|HeadlessChrome)\//],
  ["Safari", /\bVersion\/[\d.]+.*\bSafari\//],
];
const SYSTEMS: readonly [name: string, mark: RegExp][] = [
  ["iPhone", /\biPhone\b/],
  ["iPad", /\biPad\b/],
  ["Android", /\bAndroid\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMac OS X\b|\bMacintosh\b/],
  ["Linux", /\bLinux\b/],
];
/** A program's own name, as in `curl/8.5.0`. */
const PROGRAM = /^([A-Za-z][\w.-]{0,40})(?:\/|$)/;

/** A user agent in words that people know: “Firefox on Windows”. Null where it says nothing. */
export function agentInWords(userAgent: string | null | undefined): string | null {
  if (!userAgent) return null;
  const nameIn = (known: typeof BROWSERS) => known.find(([, mark]) => mark.test(userAgent))?.[0];
  const browser = nameIn(BROWSERS);
  const system = nameIn(SYSTEMS);
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`;
  const program = PROGRAM.exec(userAgent)?.[1];
  return program === undefined || program === "Mozilla" ? (system ?? null) : program;
}

/** The network that an address belongs to: `203.0.113.0/24`, `2001:db8:1::/48`. Null where it is no address. */
export function networkOf(address: string | null | undefined): string | null {
  if (!address) return null;
  const mapped = address.replace(/^::ffff:(?=\d+\.)/i, "");
  const v4 = IPV4.exec(mapped)?.[1];
  if (v4 !== undefined) return `${v4}.0/24`;
  if (!/^[0-9a-f:]+$/i.test(address) || !address.includes(":")) return null;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const all =
    tail === undefined ? groups : [...groups, ...Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => "0"), ...rest];
  if (all.length !== 8) return null;
  return `${all.slice(0, IPV6_GROUPS_KEPT).map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/${IPV6_GROUPS_KEPT * 16}`; // prettier-ignore
}
