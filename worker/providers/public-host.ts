import { ProviderError } from "./errors.ts";

// Hosts that people type in. They never lead to private addresses or to this deployment itself: neither by name, nor by any
// way to write an address. What a public name resolves to is Cloudflare's to refuse: Workers reach no private network.

const PRIVATE_SUFFIXES = [".localhost", ".local", ".internal", ".intranet", ".lan", ".home", ".corp", ".home.arpa", ".private"];

/** The URL of a server that a person typed. Throws `unsupported` where it may not be asked. */
export function publicUrl(text: string, origin: string): URL {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  if (!url) throw refused("This is no web address.");
  if (url.username !== "" || url.password !== "")
    throw refused("Leave the name and the password out of the address: they have fields of their own.");
  if (url.protocol !== "https:" && !isDevelopment(origin))
    throw refused("The address must begin with https: what is sent to it must not be read on the way.");
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refused("The address must begin with https.");
  expectPublicHost(url.hostname, origin);
  return url;
}

/** Throws `unsupported` where this host is private, or our own. In development every host may be asked. */
export function expectPublicHost(hostname: string, origin: string): void {
  if (isDevelopment(origin)) return;
  // The URL parser writes all forms of an IPv4 address as four decimals.
  const host = URL.parse(`https://${hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname}`)?.hostname.replace(
    /\.$/,
    "",
  );
  if (!host) throw refused("This is no name of a server.");
  if (host === new URL(origin).hostname) throw refused("This is the address of this Tidemark itself.");
  if (isPrivateName(host) || isPrivateAddress(host))
    throw refused("This address is not on the public internet, and Tidemark runs there: it cannot reach it.");
}

function isDevelopment(origin: string): boolean {
  return new URL(origin).hostname === "localhost";
}

function isPrivateName(host: string): boolean {
  if (host.startsWith("[") || isIpv4(host)) return false;
  return !host.includes(".") || PRIVATE_SUFFIXES.some((suffix) => host.endsWith(suffix));
}

function isPrivateAddress(host: string): boolean {
  if (isIpv4(host)) return isPrivateIpv4(host);
  if (!host.startsWith("[")) return false;
  const groups = groupsOf(host.slice(1, -1));
  const [first = 0, second = 0] = groups;
  const embedded = `${(groups[6] ?? 0) >> 8}.${(groups[6] ?? 0) & 255}.${(groups[7] ?? 0) >> 8}.${(groups[7] ?? 0) & 255}`;
  // IPv4-mapped and -compatible addresses, and NAT64's, are the IPv4 address that they hold.
  if (groups.slice(0, 5).every((group) => group === 0)) return groups[5] === 0xffff ? isPrivateIpv4(embedded) : true;
  if (first === 0x64 && second === 0xff9b) return true;
  // Only 2000::/3 is routed; of it 6to4, Teredo and the documentation's prefix hold or mean other addresses.
  if ((first & 0xe000) !== 0x2000) return true;
  return first === 0x2002 || (first === 0x2001 && (second === 0 || second === 0xdb8));
}

function isIpv4(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}

function isPrivateIpv4(host: string): boolean {
  const [a = 0, b = 0, c = 0] = host.split(".").map(Number);
  if (a === 0 || a === 10 || a === 127 || a >= 224) return true;
  if (a === 100) return b >= 64 && b < 128;
  if (a === 169) return b === 254;
  if (a === 172) return b >= 16 && b < 32;
  if (a === 192) return b === 168 || (b === 0 && (c === 0 || c === 2)) || (b === 88 && c === 99);
  if (a === 198) return b === 18 || b === 19 || (b === 51 && c === 100);
  return a === 203 && b === 0 && c === 113;
}

/** The eight groups of an IPv6 address as the URL parser writes it. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const numbers = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  if (tail === undefined) return numbers(head);
  const [front, back] = [numbers(head), numbers(tail)];
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
}

function refused(message: string): ProviderError {
  return new ProviderError("unsupported", message);
}
