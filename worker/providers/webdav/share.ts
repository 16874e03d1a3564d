import { ProviderError } from "../errors.ts";

/**
 * How a server names its files, and what its etags tell. `nextcloud`, `owncloud`: files have ids that stay, a folder's etag changes
 * with anything below it. `plain`: any other server, whose files are known by their paths.
 */
export type Dialect = "nextcloud" | "owncloud" | "plain";

/** What a connection follows: a folder on a server, with all below it. It is the feed. */
export interface Share {
  dialect: Dialect;
  /** The address of its top folder, with a slash at its end. */
  root: string;
}

const DIALECTS: readonly Dialect[] = ["nextcloud", "owncloud", "plain"];

/** How it is read, too, is part of the feed's id: one and the same feed never changes how it names its files. */
export function feedIdOf({ dialect, root }: Share): string {
  return `${dialect}:${root}`;
}

export function shareOf(feedId: string): Share {
  const colon = feedId.indexOf(":");
  const dialect = DIALECTS.find((one) => one === feedId.slice(0, colon));
  const root = feedId.slice(colon + 1);
  if (!dialect || !URL.canParse(root) || !root.endsWith("/")) throw new ProviderError("not_found", "There is no such feed.");
  return { dialect, root };
}

/** Whether a folder's etag tells of everything below it. */
export function etagsRise({ dialect }: Share): boolean {
  return dialect !== "plain";
}

/** One spelling of a folder's address. */
export function rootAddress(origin: string, segments: readonly string[]): string {
  return `${origin}/${segments.map((segment) => `${encodeURIComponent(segment)}/`).join("")}`;
}

/** The decoded names of an address's path. */
export function pathOf(address: string): string[] {
  return new URL(address).pathname
    .split("/")
    .filter((part) => part !== "")
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
}

/** The address of what is at this path below the top folder. */
export function addressOf({ root }: Share, path: readonly string[], folder: boolean): string {
  return root + path.map(encodeURIComponent).join("/") + (folder && path.length > 0 ? "/" : "");
}

/** The path that is the id on a plain server; a folder's has a slash at its end, so that a file in its place is another item. */
export function pathId(path: readonly string[], folder: boolean): string {
  return `/${path.join("/")}${folder && path.length > 0 ? "/" : ""}`;
}

export function pathOfId(id: string): { path: string[]; folder: boolean } {
  return { path: id.split("/").filter((part) => part !== ""), folder: id.endsWith("/") };
}

/** The address of the installation that a share of Nextcloud's or ownCloud's is in, without a slash at its end. */
export function installationOf({ root }: Share): string {
  return root.slice(0, root.indexOf("/remote.php/"));
}
