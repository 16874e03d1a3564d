import type { AppContext, UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { newestVersionEnd } from "../db/browse.ts";
import { catalogue } from "../db/client.ts";
import { foldersAbove } from "../db/folders.ts";
import { toInstant } from "../db/instant.ts";
import { knownItems } from "../db/items.ts";
import { getRun } from "../db/runs.ts";
import { AppError } from "../errors.ts";
import { chainAbove } from "../sync/chains.ts";
import { explain } from "../sync/explain.ts";
import { largeLimits } from "../sync/large.ts";
import { DEFAULT_OPTIONS } from "../sync/rules.ts";
import { compileRules, wantedness } from "../sync/wanted.ts";
import type { Explanation } from "../wire.ts";
import { loadItem, withPaths } from "./list-items.ts";
import { loadSync } from "./load.ts";

/** Why an item is, or is not, here: from what is stored; the source is not asked. */
export async function explainItem(c: AppContext<UserEnv>, itemId: string): Promise<Explanation> {
  const { id: userId, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  const { syncId, row: shown } = await loadItem(c, itemId);
  const sync = await loadSync(c, syncId);
  const scope = { userId, syncId };
  const row = (await knownItems(db, scope, [shown.remoteId])).get(shown.remoteId);
  const [item] = await withPaths(c, syncId, [shown]);
  if (!row || !item) throw new AppError("item.not_found", "There is no such item.");
  const folders = row.parentId === null ? new Map<string, never>() : await foldersAbove(db, scope, [row.parentId]);
  const run = row.runId === null ? undefined : await getRun(db, userId, row.runId);
  const { storedSha256, storedAt, storedDiffers, restoredFrom } = shown;
  const waits = row.state === "pending" || row.state === "failed";
  const status = waits ? await userObject(c.env, userId).status(syncId) : null;
  const waitingFor = status?.ok === true ? status.value.waitingFor : null;
  const explained = explain({
    row: { ...row, storedSha256, storedAt, storedDiffers, restoredFrom },
    wanted: wantedness(row, chainAbove(row.parentId, folders), compileRules(sync)),
    sync: { mode: sync.mode, retentionDays: { ...DEFAULT_OPTIONS, ...sync.options }.retentionDays, alarmed: sync.alarmedAt !== null },
    run: run ? { id: run.id, at: run.startedAt ?? run.createdAt } : null,
    version: (await newestVersionEnd(db, userId, syncId, row.remoteId)) ?? null,
    waitingFor: waitingFor && {
      reason: waitingFor.reason,
      until: waitingFor.until === null ? null : Date.parse(waitingFor.until),
    },
    largeBytes: largeLimits(c.env).largeBytes,
  });
  const facts = explained.facts.map(({ at, ...fact }) => (at === undefined ? fact : { ...fact, at: toInstant(at) }));
  return { item, ...explained, facts };
}
