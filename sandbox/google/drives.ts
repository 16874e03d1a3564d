import type { drive_v3 } from "@googleapis/drive";
import { ROOT_N } from "../drives/store.ts";
import type { Account } from "./accounts.ts";
import type { DriveCall, GoogleTools } from "./context.ts";
import { refuse } from "./drive-error.ts";
import { userOf } from "./file.ts";
import { selectFields } from "./fields.ts";
import { pageSize, sharedDrive } from "./files.ts";
import { exportFormats } from "./native.ts";
import { readListToken, writeListToken } from "./page-token.ts";
import { parseQuery } from "./query.ts";

const PAGE_ITEMS = 10;
const PAGE_ITEMS_MAX = 100;
const PERSON_BYTES = 15 * 1024 ** 3;
const DRIVE_FIELDS = "kind,id,name";

export function about(tools: GoogleTools, call: DriveCall): Response {
  const fields = call.request.query.get("fields");
  if (fields === null) {
    const message = "The 'fields' parameter is required for this method.";
    throw refuse(400, "required", message, { location: "fields" });
  }
  const { account } = call.grant;
  const used = tools.drives.live(account.no, ROOT_N)?.size ?? 0;
  const limit = account.form === "service_account" ? 0 : Math.max(PERSON_BYTES, used * 2);
  const answer: drive_v3.Schema$About = {
    kind: "drive#about",
    user: userOf(account, account),
    storageQuota: { limit: String(limit), usage: String(used + 1024), usageInDrive: String(used), usageInDriveTrash: "0" },
    exportFormats: exportFormats(),
    maxUploadSize: "5242880000000",
    appInstalled: false,
    canCreateDrives: account.domain === "workspace.example",
  };
  return Response.json(selectFields(answer, fields));
}

export function listDrives(tools: GoogleTools, call: DriveCall): Response {
  const { query } = call.request;
  const { account } = call.grant;
  const { matches } = parseQuery(query.get("q"));
  const all = tools.access.sharedDrives(account).filter((drive) => matches({ ...NOTHING, name: nameOf(drive) }));
  const limit = pageSize(query.get("pageSize"), PAGE_ITEMS_MAX, PAGE_ITEMS);
  const { epoch } = tools.accounts.state(account);
  const parameters = `drives ${query.get("q") ?? ""}`;
  const token = query.get("pageToken");
  const from = token === null ? 0 : readListToken(epoch, parameters, token).after;
  const after = from + limit;
  const answer = {
    kind: "drive#driveList",
    ...(after < all.length && { nextPageToken: writeListToken(epoch, parameters, { source: 0, after, emptied: false }) }),
    drives: all.slice(from, after).map(driveResource),
  };
  return Response.json(selectFields(answer, query.get("fields") ?? `kind,nextPageToken,drives(${DRIVE_FIELDS})`));
}

export function getDrive(tools: GoogleTools, call: DriveCall, id: string): Response {
  const drive = sharedDrive(tools, call.grant.account, id);
  return Response.json(selectFields(driveResource(drive), call.request.query.get("fields") ?? DRIVE_FIELDS));
}

const NOTHING = { mimeType: "", trashed: false, modifiedTime: "", parents: [], owners: [], sharedWithMe: false };

const nameOf = ({ displayName }: Account): string => displayName;

function driveResource(drive: Account): drive_v3.Schema$Drive {
  return {
    kind: "drive#drive",
    id: drive.driveId,
    name: nameOf(drive),
    createdTime: new Date(drive.created).toISOString(),
    hidden: false,
    capabilities: { canDownload: true, canListChildren: true },
  };
}
