import { takesItems } from "../worker/db/items.ts";
import { errorFields } from "../worker/log.ts";
import { ProviderError } from "../worker/providers/errors.ts";
import type { Change } from "../worker/providers/provider.ts";
import { applyChanges, idOf } from "./apply.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import type { FeedState, RunState, SyncState } from "./user-sync-schema.ts";

// A page that the catalogue does not take, again and again, though it takes other things: it is halved until what it does not
// take is found. That is recorded as failed, and the feed goes on. A catalogue that does not answer is waited for instead.

/** The page is tried whole so often before. */
const WHOLE_ATTEMPTS = 2;
/** Parts tried, a step: each costs several statements. */
const PARTS_MAX = 60;
/** More entries of one page that are not taken are no accident of theirs. */
const POISON_MAX = 5;

/** Ids that the page says are there, and what is to be called in the transaction that moves the cursor. */
interface Applied {
  present: string[];
  commit: () => void;
}

/** `applyChanges` of a whole page. */
export async function applyPage(
  engine: Engine,
  sync: SyncState,
  feed: FeedState,
  run: RunState,
  changes: readonly Change[],
): Promise<Applied> {
  try {
    return await applyPart(engine, sync, feed, run, changes);
  } catch (error) {
    if (error instanceof ProviderError || sync.attempts < WHOLE_ATTEMPTS || changes.length === 0) throw error;
    await probe(engine, sync, feed);
    engine.log.error("page.halved", { syncId: sync.id, feedId: feed.feedId, entries: changes.length, ...errorFields(error) });
    return halve(engine, sync, feed, run, changes);
  }
}

async function applyPart(engine: Engine, sync: SyncState, feed: FeedState, run: RunState, changes: readonly Change[]): Promise<Applied> {
  const { plan, commit } = await applyChanges(engine, sync, feed.feedId, run, changes);
  return { present: plan.present, commit };
}

async function halve(engine: Engine, sync: SyncState, feed: FeedState, run: RunState, changes: readonly Change[]): Promise<Applied> {
  const applied: Applied[] = [];
  const waiting: (readonly Change[])[] = [changes];
  let poisoned = 0;
  for (let parts = 0; ; parts += 1) {
    const part = waiting.shift();
    if (!part) break;
    try {
      if (parts >= PARTS_MAX) throw new Error(`A page was not taken in ${PARTS_MAX} parts.`);
      applied.push(await applyPart(engine, sync, feed, run, part));
    } catch (error) {
      if (error instanceof ProviderError || parts >= PARTS_MAX) throw error;
      await probe(engine, sync, feed);
      const middle = Math.ceil(part.length / 2);
      if (part.length > 1) waiting.unshift(part.slice(0, middle), part.slice(middle));
      else if (poisoned++ < POISON_MAX) applied.push(await record(engine, sync, feed, run, part));
      else throw error;
    }
  }
  return { present: applied.flatMap((each) => each.present), commit: () => applied.forEach((each) => each.commit()) };
}

/** The entry as one that could not be read: under its id, where the catalogue takes that. */
async function record(engine: Engine, sync: SyncState, feed: FeedState, run: RunState, part: readonly Change[]): Promise<Applied> {
  const [change] = part;
  const id = change && idOf(change);
  const reason = "what the source says of it could not be stored";
  try {
    return await applyPart(engine, sync, feed, run, [{ type: "malformed", ...(id === undefined ? {} : { id }), reason }]);
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    await probe(engine, sync, feed);
    return applyPart(engine, sync, feed, run, [{ type: "malformed", reason: `${reason} (${String(id).slice(0, 100)})` }]);
  }
}

/** Throws where the catalogue does not take a change of its items that changes nothing. */
function probe(engine: Engine, sync: SyncState, feed: FeedState): Promise<void> {
  return takesItems(engine.db(), scopeOf(engine, sync.id), feed.rootId ?? "");
}
