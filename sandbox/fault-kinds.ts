import type { Answer } from "./answers.ts";

/** What of a request a fault can be matched with. */
export type Asked = {
  vendor: string;
  host: string;
  method: string;
  path: string;
  search: string;
  ranged: boolean;
  account: string | undefined;
};

/**
 * A named fault. With `scope` and `answer` it replaces the vendor's answers to the requests in its scope; without, the code of the route
 * that it is about asks for it. `site` says where a host of the vendor is, in the form of the request.
 */
export type FaultKind = {
  about: string;
  scope?: (asked: Asked) => boolean;
  answer?: (asked: Asked, site: (host: string) => string) => Answer;
};
export type FaultKinds = Readonly<Record<string, FaultKind>>;

/** What can happen to any vendor's downloads. */
export const DOWNLOAD_FAULTS = {
  "range-ignored": { about: "Range is ignored: 200 with the whole file" },
  "truncated-body": { about: "the connection breaks in the middle of a download" },
  "short-body": { about: "a download ends early, with a Content-Length that agrees with it" },
  "corrupt-body": { about: "a byte of a download is wrong" },
  "chunked-body": { about: "downloads come without Content-Length" },
} as const satisfies FaultKinds;

/** Every fault that there is, those of all vendors first. */
export function allFaultKinds(vendors: readonly { faultKinds: FaultKinds }[]): [string, FaultKind][] {
  return [DOWNLOAD_FAULTS, ...vendors.map((vendor) => vendor.faultKinds)].flatMap((kinds) => Object.entries(kinds));
}

export type DownloadFault = keyof typeof DOWNLOAD_FAULTS;
