import { answerWithFaults, askedBy } from "../answer-with-faults.ts";
import type { Asked } from "../fault-kinds.ts";
import type { RunningVendor, Vendor, VendorTools } from "../vendor.ts";
import { decodeSegment, type VendorRequest } from "../vendor-request.ts";
import { Hono } from "hono";
import { ACCOUNT_KINDS, cloudAccounts, type Account } from "./accounts.ts";
import { download } from "./download.ts";
import { FAULT_KINDS } from "./faults.ts";
import { isCloudHost, productAt } from "./hosts.ts";
import { meta } from "./meta.ts";
import { ocs, status, user } from "./ocs.ts";
import { createPasswords } from "./passwords.ts";
import { placeAt } from "./place.ts";
import { propfind } from "./propfind.ts";
import { search } from "./search.ts";
import { spoil } from "./spoil.ts";
import { FIRST_ACCOUNTS } from "./starter.ts";
import type { CloudTools } from "./tools.ts";
import { refuse } from "./xml.ts";

/** Nextcloud and ownCloud: the files of their accounts by WebDAV, to be read. */
export const nextcloud: Vendor = {
  name: "nextcloud",
  title: "Nextcloud",
  isHost: isCloudHost,
  accountKinds: ACCOUNT_KINDS,
  firstAccounts: FIRST_ACCOUNTS,
  faultKinds: FAULT_KINDS,
  start,
};

function start(shared: VendorTools): RunningVendor {
  const accounts = cloudAccounts(shared.accounts);
  const passwords = createPasswords(accounts, shared.now);
  const tools: CloudTools = { ...shared, accounts, passwords };
  return {
    answer: (request) => {
      const asked = askedBy("nextcloud", request, passwords.about(request)?.name);
      const isFile = request.method === "GET" && request.path.startsWith("/remote.php/");
      return answerWithFaults(shared, request, {
        asked,
        route: routeOf(request),
        download: isFile,
        answer: () => answer(tools, request, asked),
      });
    },
    signIn: (account, site) => {
      const own = accounts.named(account.name);
      return own === undefined ? {} : { Address: site(own.host), User: own.userId, "App password": passwords.of(own) };
    },
    control: new Hono().get("/password/:account", (c) => {
      const account = accounts.named(c.req.param("account"));
      return account === undefined
        ? c.json({ error: "There is no such account." }, 404)
        : c.json({ user: account.userId, password: passwords.of(account) });
    }),
  };
}

async function answer(tools: CloudTools, request: VendorRequest, asked: Asked): Promise<Response> {
  const { path } = request;
  if (path === "/status.php") return status(request);
  const isOcs = path.startsWith("/ocs/");
  if (!isOcs && !path.startsWith("/remote.php/"))
    return new Response("<!DOCTYPE html><title>Login</title>", { headers: { "Content-Type": "text/html" } });
  const account = tools.passwords.signIn(request);
  if (account === "too many") refuse(429, "OCA\\DAV\\Connector\\Sabre\\Exception\\TooManyRequests", "Reached maximum delay");
  if (typeof account === "string") return isOcs ? ocs("failure", 997, "Current user is not logged in", []) : notSignedIn(account);
  if (isOcs) {
    if (request.headers.get("ocs-apirequest") === null) return new Response("CSRF check failed", { status: 412 });
    return /^\/ocs\/v[12]\.php\/cloud\/user$/.test(path) ? user(tools, account) : ocs("failure", 998, "Invalid query", []);
  }
  return files(tools, request, asked, account);
}

async function files(tools: CloudTools, request: VendorRequest, asked: Asked, account: Account): Promise<Response> {
  const { path, method } = request;
  if (/^\/remote\.php\/dav\/?$/.test(path) && method === "SEARCH" && productAt(request.host) === "Nextcloud")
    return search(tools, request, account);
  if (/^\/remote\.php\/dav\/meta\/[^/]+\/?$/.test(path) && method === "PROPFIND" && productAt(request.host) === "ownCloud")
    return meta(tools, request, account);
  const [prefix, owner] = /^\/remote\.php\/(?:webdav|dav\/files\/([^/]+))(?:\/|$)/.exec(path) ?? [];
  if (prefix === undefined)
    refuse(
      501,
      "Sabre\\DAV\\Exception\\NotImplemented",
      `There was no plugin in the system that was willing to handle this ${method} method.`,
    );
  if (owner !== undefined && decodeSegment(owner) !== account.userId)
    refuse(404, "Sabre\\DAV\\Exception\\NotFound", `File with name /${owner} could not be located`);
  const place = placeAt(tools, request, account, prefix.endsWith("/") ? prefix : `${prefix}/`);
  if (method === "PROPFIND") return spoil(tools.faults, asked, await propfind(tools, request, place));
  if (method === "GET" || method === "HEAD") return download(tools, request, asked, place);
  if (method === "OPTIONS")
    return new Response(null, { headers: { DAV: "1, 3, extended-mkcol", Allow: "OPTIONS, GET, HEAD, PROPFIND, SEARCH" } });
  return refuse(403, "Sabre\\DAV\\Exception\\Forbidden", "The sandbox's files are changed by its own page and control calls only.");
}

function notSignedIn(why: "missing" | "wrong"): never {
  const message =
    why === "missing"
      ? "No public access to this resource., No 'Authorization: Basic' header found. Either the client didn't send one, or the server is misconfigured"
      : "No public access to this resource., Username or password was incorrect";
  return refuse(401, "Sabre\\DAV\\Exception\\NotAuthenticated", message, {
    "WWW-Authenticate": 'Basic realm="Nextcloud", charset="UTF-8"',
  });
}

function routeOf({ path, method, headers }: VendorRequest): string {
  const depth = method === "PROPFIND" ? ` (depth ${headers.get("depth") ?? "none"})` : "";
  if (path.startsWith("/remote.php/dav/files/")) return `/remote.php/dav/files/{user}/{path}${depth}`;
  if (path.startsWith("/remote.php/dav/meta/")) return `/remote.php/dav/meta/{fileid}${depth}`;
  if (path.startsWith("/remote.php/webdav")) return `/remote.php/webdav/{path}${depth}`;
  return path.startsWith("/remote.php/") ? "/remote.php/dav/" : path;
}
