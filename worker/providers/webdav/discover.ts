import { ProviderError } from "../errors.ts";
import { discard, readText } from "../http.ts";
import { NAMES, type OcsUser, type ServerStatus, TOP_PROPERTIES } from "./api.ts";
import { idOf } from "./entry.ts";
import { toProviderError } from "./errors.ts";
import { canLocate } from "./locate.ts";
import type { Resource } from "./multistatus.ts";
import type { DavServer } from "./server.ts";
import { type Dialect, pathOf, rootAddress, type Share } from "./share.ts";

// From the address that somebody typed, or copied from their browser, to the folder that is followed.

const JSON_BYTES_MAX = 64 * 1024;
/** Where an installation's own pages begin: what is before is its address. */
const PAGES = new Set(["index.php", "remote.php", "status.php", "ocs", "apps", "login", "f"]);

export interface Found {
  share: Share;
  top: Resource;
  /** The name that the server has for the person, which is not always the one that they sign in with. */
  userId: string;
  user: NonNullable<NonNullable<OcsUser["ocs"]>["data"]> | null;
  /** Of Nextcloud and its kin. */
  product: string | null;
}

interface Installation {
  dialect: Dialect;
  /** With a slash at its end. */
  address: string;
  product: string;
}

/** Throws a `ProviderError` that tells the person what to change. */
export async function discover(server: DavServer): Promise<Found> {
  const typed = await server.address();
  const path = pathOf(typed.href);
  const installation = await installationAt(server, typed.origin, path);
  if (!installation) return plain(server, rootAddress(typed.origin, path));
  const user = await userOf(server, installation);
  const userId = user?.id ?? (await server.user());
  const root = rootAddress(typed.origin, [...pathOf(installation.address), ...shareWithin(path, userId)]);
  const top = await topOf(server, root);
  const product = installation.product;
  const share: Share = { dialect: installation.dialect, root };
  const id = idOf(share, top, []);
  const followed = id !== undefined && top.properties.has(NAMES.etag) && (await canLocate(server, share, id));
  return { share: followed ? share : { dialect: "plain", root }, top, userId, user, product };
}

async function plain(server: DavServer, root: string): Promise<Found> {
  return { share: { dialect: "plain", root }, top: await topOf(server, root), userId: await server.user(), user: null, product: null };
}

/** The Nextcloud or ownCloud that the address is of, or in. It is asked without the password. */
async function installationAt(server: DavServer, origin: string, path: readonly string[]): Promise<Installation | null> {
  const page = path.findIndex((name) => PAGES.has(name));
  const address = rootAddress(origin, page < 0 ? path : path.slice(0, page));
  const status = (await json(server, `${address}status.php`, { anonymous: true })) as ServerStatus | null;
  if (typeof status?.installed !== "boolean") return null;
  if (status.maintenance) throw new ProviderError("transient", "The server is in maintenance mode: try again later.");
  const product = status.productname || "Nextcloud";
  const dialect = /owncloud|infinite scale|opencloud/i.test(product) ? "owncloud" : "nextcloud";
  return { dialect, address, product: `${product} ${status.versionstring ?? ""}`.trim() };
}

async function userOf(server: DavServer, { address }: Installation): Promise<Found["user"]> {
  const answer = (await json(server, `${address}ocs/v1.php/cloud/user?format=json`, {
    headers: { "OCS-APIRequest": "true" },
  })) as OcsUser | null;
  const data = answer?.ocs?.data;
  return typeof data?.id === "string" && data.id !== "" ? data : null;
}

/** What a typed address names within the installation; else all of the person's files. */
function shareWithin(path: readonly string[], userId: string): string[] {
  const [endpoint, ...rest] = path.slice(path.indexOf("remote.php") + 1);
  const files = ["remote.php", "dav", "files"];
  if (!path.includes("remote.php")) return [...files, userId];
  if (endpoint === "webdav") return [...files, userId, ...rest];
  if (endpoint === "dav" && rest[0] === "files" && rest.length > 1) return [...files, ...rest.slice(1)];
  return [...files, userId];
}

async function topOf(server: DavServer, root: string): Promise<Resource> {
  const [top] = await server.propfind(root, 0, TOP_PROPERTIES).catch((error: unknown) => {
    if (!(error instanceof ProviderError) || !["not_found", "unsupported"].includes(error.kind) || error.status === undefined) throw error;
    throw new ProviderError(
      "unsupported",
      `There is no WebDAV at ${root} (the server answers ${error.status}). Type the address of the folder itself.`,
      {
        status: error.status,
      },
    );
  });
  // Not that there is no folder: what it is known by must not hang on an answer that says nothing.
  if (!top) throw new ProviderError("transient", "The server's answer is empty: try again.");
  if (top.refused) throw new ProviderError("forbidden", `The server does not show the folder at ${root}.`);
  if (top.status >= 300) throw new ProviderError("unsupported", `There is no folder at ${root}.`);
  if (!top.collection) throw new ProviderError("unsupported", `${root} is a file: type the address of a folder.`);
  return top;
}

/** The JSON at an address; null where there is something else, or nothing. */
async function json(server: DavServer, url: string, asking: { anonymous?: boolean; headers?: Record<string, string> }): Promise<unknown> {
  const response = await server.request(url, { ...asking, headers: { Accept: "application/json", ...asking.headers } });
  if (response.status === 429 || response.status >= 500) throw await toProviderError(response, server.context.now());
  if (!response.ok) return (await discard(response), null);
  try {
    return JSON.parse(await readText(response, JSON_BYTES_MAX)) as unknown;
  } catch {
    return null;
  }
}
