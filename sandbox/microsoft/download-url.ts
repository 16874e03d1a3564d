import { createHmac, timingSafeEqual, type KeyObject } from "node:crypto";
import type { VendorRequest } from "../vendor-request.ts";
import type { Account } from "./accounts.ts";
import { MIGRATED_FILES_HOST, PERSONAL_FILES_HOST, WORK_FILES_HOST } from "./hosts.ts";

const DOWNLOAD_URL_SECONDS = 3600;

export const filesHost = (account: Account): string =>
  account.form === "business" ? WORK_FILES_HOST : account.form === "migrated" ? MIGRATED_FILES_HOST : PERSONAL_FILES_HOST;

/** The site of an account's files: `personal/alice_contoso_example`. */
export const filesSite = (account: Account): string =>
  `personal/${account.form === "migrated" ? account.cid : account.name.replace(/[@.]/g, "_")}`;

/** A pre-authenticated address of an item's current content, good for an hour. */
export function downloadUrl(key: KeyObject, site: (host: string) => string, account: Account, n: number, now: number): string {
  const token = makeToken(key, { a: account.no, n, nbf: Math.floor(now / 1000), exp: Math.floor(now / 1000) + DOWNLOAD_URL_SECONDS });
  const base = site(filesHost(account));
  if (account.form === "personal") return `${base}/y4m${token.replaceAll(".", "-_-")}`;
  return `${base}/${filesSite(account)}/_layouts/15/download.aspx${downloadSearch(account, n, token)}`;
}

export type DownloadTicket = { accountNo: number; n: number; expired: boolean };

/** What a download address stands for; undefined where it is not one of ours, letter for letter. */
export function openDownloadUrl(
  key: KeyObject,
  request: VendorRequest,
  now: number,
  numbered: (no: number) => Account | undefined,
): DownloadTicket | undefined {
  const personal = /^\/y4m(.+)$/.exec(request.path)?.[1]?.replaceAll("-_-", ".");
  const token = personal ?? request.query.get("tempauth") ?? "";
  const claims = readToken(key, token);
  const account = claims === undefined ? undefined : numbered(claims.a);
  if (claims === undefined || account === undefined || filesHost(account) !== request.host) return undefined;
  if (personal === undefined && request.search !== downloadSearch(account, claims.n, token)) return undefined;
  return { accountNo: claims.a, n: claims.n, expired: claims.exp * 1000 <= now };
}

function downloadSearch(account: Account, n: number, token: string): string {
  return `?UniqueId=${account.ids.guid(n).toLowerCase()}&Translate=false&tempauth=${token}&ApiVersion=2.0`;
}

type Claims = { a: number; n: number; nbf: number; exp: number };

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
