import { createHmac, timingSafeEqual, type KeyObject } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Account, Accounts } from "./accounts.ts";
import type { DriveCall } from "./graph-context.ts";
import { MIGRATED_FILES_HOST, PERSONAL_FILES_HOST, WORK_FILES_HOST } from "./hosts.ts";
import type { Keys } from "./keys.ts";
import type { Sites } from "./sites.ts";

const DOWNLOAD_URL_SECONDS = 3600;

/** Where on the web a drive's files are: the host, the site's path such as `personal/alice_contoso_example`, and the list. */
export function filesPlace(sites: Sites, drive: Account): { host: string; site: string; list: string } {
  const site = drive.library === undefined ? undefined : sites.named(drive.library.site);
  if (site !== undefined) {
    return { host: site.host, site: sites.path(site), list: drive.library?.list === "documents" ? "Shared Documents" : drive.displayName };
  }
  const host = drive.form === "business" ? WORK_FILES_HOST : drive.form === "migrated" ? MIGRATED_FILES_HOST : PERSONAL_FILES_HOST;
  return { host, site: `personal/${drive.form === "migrated" ? drive.cid : drive.name.replace(/[@.]/g, "_")}`, list: "Documents" };
}

export type UrlTools = { keys: Keys; sites: Sites; accounts: Accounts; now: Clock };

/** A pre-authenticated address of an item's current content, good for an hour, for whom it is given to. */
export function downloadUrl(tools: UrlTools, call: DriveCall, n: number): string {
  const { drive } = call;
  const from = Math.floor(tools.now() / 1000);
  const claims = { a: drive.no, c: call.grant.account.no, n, nbf: from, exp: from + DOWNLOAD_URL_SECONDS };
  const token = makeToken(tools.keys.downloads, claims);
  const place = filesPlace(tools.sites, drive);
  const base = call.request.site(place.host);
  if (drive.form === "personal") return `${base}/y4m${token.replaceAll(".", "-_-")}`;
  return `${[base, place.site].filter(Boolean).join("/")}/_layouts/15/download.aspx${downloadSearch(drive, n, token)}`;
}

/** `drive`: whose file it is; `caller`: to whom the address was given. */
type DownloadTicket = { drive: Account; caller: Account; n: number; expired: boolean };

/** What a download address stands for; undefined where it is not one of ours, letter for letter. */
export function openDownloadUrl(tools: UrlTools, request: VendorRequest): DownloadTicket | undefined {
  const personal = /^\/y4m(.+)$/.exec(request.path)?.[1]?.replaceAll("-_-", ".");
  const token = personal ?? request.query.get("tempauth") ?? "";
  const claims = readToken(tools.keys.downloads, token);
  const drive = claims === undefined ? undefined : tools.accounts.numbered(claims.a);
  const caller = claims === undefined ? undefined : tools.accounts.numbered(claims.c);
  if (claims === undefined || drive === undefined || caller === undefined) return undefined;
  if (filesPlace(tools.sites, drive).host !== request.host) return undefined;
  if (personal === undefined && request.search !== downloadSearch(drive, claims.n, token)) return undefined;
  return { drive, caller, n: claims.n, expired: claims.exp * 1000 <= tools.now() };
}

function downloadSearch(account: Account, n: number, token: string): string {
  return `?UniqueId=${account.ids.guid(n).toLowerCase()}&Translate=false&tempauth=${token}&ApiVersion=2.0`;
}

type Claims = { a: number; c: number; n: number; nbf: number; exp: number };

const HEADER = Buffer.from(JSON.stringify({ typ: "JWT", alg: "HS256" })).toString("base64url");

function makeToken(key: KeyObject, claims: Claims): string {
  const input = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
}

function readToken(key: KeyObject, token: string): Claims | undefined {
  const [header = "", claims = "", signature = ""] = token.split(".");
  const expected = createHmac("sha256", key).update(`${header}.${claims}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return JSON.parse(Buffer.from(claims, "base64url").toString()) as Claims;
}
