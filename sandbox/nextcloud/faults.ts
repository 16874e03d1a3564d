import type { Asked, FaultKind } from "../fault-kinds.ts";
import { sabreAnswer } from "./xml.ts";

const RETRY_SECONDS = 2;
const MAINTENANCE_SECONDS = 120;

const isDav = ({ path }: Asked): boolean => path.startsWith("/remote.php/");
const isListing = (asked: Asked): boolean => isDav(asked) && asked.method === "PROPFIND";

/** What servers of this kind have been seen to do. Where it is about one folder, `match.path` says which. */
export const FAULT_KINDS = {
  "nextcloud-maintenance": {
    about: "503: the administrator is at work",
    scope: isDav,
    answer: () =>
      sabreAnswer(503, "Sabre\\DAV\\Exception\\ServiceUnavailable", "System in maintenance mode.", {
        "X-Nextcloud-Maintenance-Mode": "1",
        "Retry-After": String(MAINTENANCE_SECONDS),
      }),
  },
  "nextcloud-throttled": {
    about: `429, to be repeated after ${RETRY_SECONDS} seconds`,
    scope: isDav,
    answer: () =>
      sabreAnswer(429, "OCA\\DAV\\Connector\\Sabre\\Exception\\TooManyRequests", "Too many requests", {
        "Retry-After": String(RETRY_SECONDS),
      }),
  },
  "nextcloud-locked": {
    about: "423: a file is locked while it is written",
    scope: isDav,
    answer: ({ path }) => sabreAnswer(423, "OCA\\DAV\\Connector\\Sabre\\Exception\\FileLocked", `"${path}" is locked`),
  },
  "nextcloud-forbidden": {
    about: "403: a folder that access control closes",
    scope: isListing,
    answer: () => sabreAnswer(403, "OCA\\DAV\\Connector\\Sabre\\Exception\\Forbidden", "No read permissions"),
  },
  "nextcloud-storage-unavailable": {
    about: "503 for what lies on an external storage that is not there",
    scope: isListing,
    answer: () => sabreAnswer(503, "Sabre\\DAV\\Exception\\ServiceUnavailable", "Storage is temporarily not available"),
  },
  "nextcloud-server-error": {
    about: "500, as a page of the web server in front",
    scope: isDav,
    answer: () => ({
      status: 500,
      headers: { "Content-Type": "text/html" },
      body: "<html><body><h1>Internal Server Error</h1></body></html>",
    }),
  },
  "nextcloud-elsewhere": {
    about: "302: all of it is led to another host",
    scope: () => true,
    answer: ({ path }) => ({ status: 302, headers: { Location: `https://sso.elsewhere.example${path}` }, body: "" }),
  },
  "nextcloud-empty-multistatus": { about: "a listing that names nothing, not even the folder itself" },
  "nextcloud-cut-multistatus": { about: "a listing that ends in the middle" },
  "nextcloud-refused-child": { about: "a listing with a child that is named, and refused" },
} as const satisfies Readonly<Record<string, FaultKind>>;

export type FaultName = keyof typeof FAULT_KINDS;
