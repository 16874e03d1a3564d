import { decodeSegment } from "../vendor-request.ts";
import { parseSites, splitSite, type SiteAddress, type SiteRequest } from "./site-address.ts";

export type DriveAddress = { by: "me" } | { by: "id"; id: string } | { by: "user"; user: string } | { by: "site"; site: SiteAddress };
export type ItemAddress = { from: "root" | { id: string }; path: string[] };

/** What a path of Graph v1.0 names, and the template it is an instance of. */
export type Address = { route: string } & (
  | { kind: "me"; user: string | undefined }
  | { kind: "drive"; drive: DriveAddress }
  | { kind: "drives"; user: string | undefined }
  | { kind: "item" | "children" | "content"; drive: DriveAddress; item: ItemAddress }
  | { kind: "delta"; drive: DriveAddress; item: ItemAddress; token: string | undefined; base: string }
  | { kind: "subscriptions" }
  | { kind: "subscription"; id: string; action: "reauthorize" | undefined }
  | { kind: "batch" }
  | { kind: "userinfo" }
  | SiteRequest
);

const DELTA = /^(?<base>.*?)\/(?:microsoft\.graph\.)?delta(?:\((?:token='(?<token>.*)')?\))?$/;
const OPERATIONS = { "": "item", "/": "item", "/children": "children", "/content": "content" } as const;

/** Understands a path, percent-encoded as it came; undefined where Graph has nothing there. */
export function parseAddress(path: string): Address | undefined {
  if (path === "/oidc/userinfo") return { kind: "userinfo", route: path };
  const match = /^\/v1\.0(\/.*)$/.exec(path);
  if (match === null) return undefined;
  const rest = match[1] ?? "";
  const subscription = /^\/subscriptions(?:\/([^/]+)(?:\/(reauthorize))?)?\/?$/.exec(rest);
  if (subscription !== null) {
    const [, id, action] = subscription;
    if (id === undefined) return { kind: "subscriptions", route: "/v1.0/subscriptions" };
    const route = `/v1.0/subscriptions/{id}${action === undefined ? "" : "/reauthorize"}`;
    return { kind: "subscription", id: decodeSegment(id), action: action === undefined ? undefined : "reauthorize", route };
  }
  if (rest === "/$batch" || rest === "/%24batch") return { kind: "batch", route: "/v1.0/$batch" };
  return parseUser(rest) ?? parseSites(rest) ?? parseDrive(rest);
}

function parseUser(rest: string): Address | undefined {
  const match = /^\/(?:me|users\/([^/]+))(\/drives)?\/?$/.exec(rest);
  if (match === null) return undefined;
  const user = match[1] === undefined ? undefined : decodeSegment(match[1]);
  const route = `/v1.0/${user === undefined ? "me" : "users/{id}"}${match[2] ?? ""}`;
  return match[2] === undefined ? { kind: "me", user, route } : { kind: "drives", user, route };
}

function parseDrive(rest: string): Address | undefined {
  const found = splitDrive(rest);
  if (found === undefined) return undefined;
  const { drive, driveRoute, below } = found;
  if (below === "" || below === "/") return { kind: "drive", drive, route: driveRoute };

  const delta = DELTA.exec(below)?.groups;
  if (delta !== undefined) {
    const base = delta["base"] === "" ? "/root" : (delta["base"] ?? "");
    const item = parseItem(base);
    if (item === undefined || item.operation !== "item") return undefined;
    const token = delta["token"];
    const prefix = rest.slice(0, rest.length - below.length);
    const decoded = token === undefined ? undefined : decodeSegment(token);
    return {
      kind: "delta",
      drive,
      item: item.address,
      token: decoded,
      base: `/v1.0${prefix}${base}`,
      route: `${driveRoute}${item.route}/delta`,
    };
  }
  const item = parseItem(below);
  if (item === undefined) return undefined;
  return { kind: item.operation, drive, item: item.address, route: `${driveRoute}${item.route}` };
}

// The drive that a path begins with, and what follows.
function splitDrive(rest: string): { drive: DriveAddress; driveRoute: string; below: string } | undefined {
  const site = splitSite(rest);
  const ofSite = /^\/drive(\/.*)?$/.exec(site?.below ?? "");
  if (site !== undefined && ofSite !== null) {
    return { drive: { by: "site", site: site.site }, driveRoute: `${site.route}/drive`, below: ofSite[1] ?? "" };
  }
  const match = /^\/(?:(me)\/drive|users\/([^/]+)\/drive|drives\/([^/]+))(\/.*)?$/.exec(rest);
  if (match === null) return undefined;
  const [, me, user, id, below = ""] = match;
  if (me !== undefined) return { drive: { by: "me" }, driveRoute: "/v1.0/me/drive", below };
  if (user !== undefined) return { drive: { by: "user", user: decodeSegment(user) }, driveRoute: "/v1.0/users/{id}/drive", below };
  return { drive: { by: "id", id: decodeSegment(id ?? "") }, driveRoute: "/v1.0/drives/{id}", below };
}

// `/root`, `/items/{id}`, each with `:/a/path` and an operation after it.
function parseItem(below: string): { address: ItemAddress; operation: "item" | "children" | "content"; route: string } | undefined {
  const [start = "", path, after = "", ...more] = below.split(":");
  if (more.length > 0) return undefined;
  const match = /^\/(root|items\/([^/]+))(\/[a-z]+|\/)?$/.exec(start);
  if (match === null) return undefined;
  const operation = OPERATIONS[(path === undefined ? (match[3] ?? "") : after) as keyof typeof OPERATIONS];
  if (operation === undefined || (path !== undefined && match[3] !== undefined)) return undefined;
  const segments = (path ?? "")
    .split("/")
    .filter((segment) => segment !== "")
    .map(decodeSegment);
  const id = match[2] === undefined ? undefined : decodeSegment(match[2]);
  const from = id === undefined || id === "root" ? ("root" as const) : { id };
  const route = `${id === undefined ? "/root" : "/items/{id}"}${path === undefined ? "" : ":/{path}:"}${operation === "item" ? "" : `/${operation}`}`;
  return { address: { from, path: segments }, operation, route };
}
