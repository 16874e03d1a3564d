import { z } from "zod";
import { record } from "../auth/record.ts";
import type { AppContext, UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { pathsOf } from "../db/browse.ts";
import { catalogue } from "../db/client.ts";
import { heldFolders } from "../db/held.ts";
import { knownItems } from "../db/items.ts";
import { unwrap } from "../errors.ts";
import { encodeItemId } from "../item-id.ts";
import type { decision, HeldFolder, pageQuery, Run } from "../wire.ts";
import { decodeCursor, encodeCursor, notFound, remoteIdIn } from "./list-items.ts";
import { loadRun } from "./load.ts";

/** What a sync holds back from removal, by top folder. */
export async function listHeld(
  c: AppContext<UserEnv>,
  syncId: string,
  asked: z.output<typeof pageQuery>,
): Promise<{ items: HeldFolder[]; cursor: string | null }> {
  const { id: userId, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  const after = asked.cursor === undefined ? "" : decodeCursor(asked.cursor, z.string());
  const found = await heldFolders(db, { userId, syncId }, after, asked.limit + 1);
  const shown = found.slice(0, asked.limit);
  const paths = await pathsOf(db, userId, syncId, shown.map((folder) => folder.remoteId)); // prettier-ignore
  const items = shown.map(({ remoteId, reasons, ...counts }) => ({
    folderId: encodeItemId(syncId, remoteId),
    path: paths.get(remoteId) ?? "/",
    ...counts,
    reasons: reasons.split(",") as HeldFolder["reasons"],
  }));
  const last = shown.at(-1);
  return { items, cursor: last && found.length > asked.limit ? encodeCursor(last.remoteId) : null };
}

/** Records what a person decides about held removals. Folders are items of the run's sync. */
export async function decide(
  c: AppContext<UserEnv>,
  action: "approve" | "discard",
  runId: string,
  { folders = [] }: z.output<typeof decision>,
): Promise<Run> {
  const run = await loadRun(c, runId);
  const { id: userId, homeShard } = c.var.user;
  const remoteIds = folders.map((folder) => remoteIdIn(run.syncId, folder));
  const known = await knownItems(catalogue(c.env, homeShard), { userId, syncId: run.syncId }, remoteIds);
  if (remoteIds.some((id) => !known.has(id))) throw notFound();
  const decided = unwrap(await userObject(c.env, userId).decide(runId, action, remoteIds, c.var.requestId));
  await record(c, action === "approve" ? "run.approved" : "run.discarded", { target: runId });
  return decided;
}
