import type { drive_v3 } from "@googleapis/drive";
import type { Item } from "../drives/store.ts";
import type { Located } from "./access.ts";
import type { Account } from "./accounts.ts";
import type { DriveCall, GoogleTools } from "./context.ts";
import { required } from "./drive-error.ts";
import { fileResource } from "./file.ts";
import { selectFields } from "./fields.ts";
import { pageSize, sharedDrive } from "./files.ts";
import { readLogToken, writeLogToken, type LogState } from "./page-token.ts";

const PAGE_ITEMS_MAX = 1000;
const CHANGES_FIELDS =
  "kind,nextPageToken,newStartPageToken,changes(kind,changeType,time,removed,fileId,driveId,file(kind,id,name,mimeType))";

type Change = drive_v3.Schema$Change;

export function startPageToken(tools: GoogleTools, call: DriveCall): Response {
  const sources = logsOf(tools, call);
  const startPageToken = writeLogToken(epochOf(tools, sources), { seqs: ends(tools, sources), emptied: false });
  return Response.json({ kind: "drive#startPageToken", startPageToken });
}

/** One page of the changes of a person's drive, or of one shared drive: each file once, with what it is now. */
export async function listChanges(tools: GoogleTools, call: DriveCall): Promise<Response> {
  const { query } = call.request;
  const sources = logsOf(tools, call);
  const token = query.get("pageToken");
  if (token === null) throw required("pageToken");
  const epoch = epochOf(tools, sources);
  const state = readLogToken(epoch, token);
  const limit = pageSize(query.get("pageSize"), PAGE_ITEMS_MAX);
  if (!state.emptied && tools.faults.strike("google-empty-page", call.asked) !== undefined) {
    const nextPageToken = writeLogToken(epoch, { ...state, emptied: true });
    return Response.json({ kind: "drive#changeList", nextPageToken, changes: [] });
  }
  const { changes, next } = await changesPage(tools, call, sources, state, limit);
  const isLast = sources.every((drive) => (next[drive.no] ?? 0) >= tools.accounts.state(drive).seq);
  const rest = writeLogToken(epoch, { seqs: next, emptied: !isLast });
  const answer = {
    kind: "drive#changeList",
    ...(isLast ? { newStartPageToken: rest } : { nextPageToken: rest }),
    changes: query.get("includeRemoved") === "false" ? changes.filter(({ removed }) => removed !== true) : changes,
  };
  return Response.json(selectFields(answer, query.get("fields") ?? CHANGES_FIELDS));
}

/** The change logs that a request is about: one shared drive's, or the person's, with what others share with them. */
export function logsOf(tools: GoogleTools, call: DriveCall): Account[] {
  const { account } = call.grant;
  const { query } = call.request;
  const driveId = query.get("driveId");
  const allDrives = query.get("supportsAllDrives") === "true" && query.get("includeItemsFromAllDrives") === "true";
  if (driveId !== null) return [sharedDrive(tools, account, driveId)];
  const sharers = query.get("restrictToMyDrive") === "true" ? [] : tools.access.sharers(account);
  return [account, ...sharers, ...(allDrives ? tools.access.sharedDrives(account) : [])];
}

const epochOf = (tools: GoogleTools, [first]: Account[]): string => (first === undefined ? "" : tools.accounts.state(first).epoch);

const ends = (tools: GoogleTools, sources: Account[]): Record<string, number> =>
  Object.fromEntries(sources.map((drive) => [drive.no, tools.accounts.state(drive).seq]));

async function changesPage(
  tools: GoogleTools,
  call: DriveCall,
  sources: Account[],
  state: LogState,
  limit: number,
): Promise<{ changes: Change[]; next: Record<string, number> }> {
  const next = { ...state.seqs };
  const changes: Change[] = [];
  for (const drive of sources) {
    const end = tools.accounts.state(drive).seq;
    const room = limit - changes.length;
    const items = tools.drives.changes(drive.no, next[drive.no] ?? 0, end, room);
    for (const item of items) {
      const change = await changeOf(tools, call, { drive, item });
      if (change !== undefined) changes.push(change);
    }
    next[drive.no] = items.length < room ? end : (items.at(-1)?.seq ?? end);
    if (changes.length >= limit) break;
  }
  return { changes, next };
}

async function changeOf(tools: GoogleTools, call: DriveCall, located: Located): Promise<Change | undefined> {
  const { drive, item } = located;
  const { account } = call.grant;
  const base: Change = {
    kind: "drive#change",
    changeType: "file",
    type: "file",
    time: new Date(item.changed).toISOString(),
    fileId: drive.ids.id(item.n),
    ...(drive.form === "shared_drive" && { driveId: drive.driveId }),
  };
  if (tools.access.isPurged(located)) return { ...base, removed: true };
  if (!tools.access.sees(account, located))
    return tools.access.share(account, located) === "ended" ? { ...base, removed: true } : undefined;
  if (isFollower(item) && tools.faults.strike("google-descendants-told", call.asked) === undefined) return undefined;
  return { ...base, removed: false, file: await fileResource(tools, call, located) };
}

/** Whether it went with the folder above it. */
const isFollower = (item: Item): boolean => item.deletedBy !== null && item.deletedBy !== item.n;
