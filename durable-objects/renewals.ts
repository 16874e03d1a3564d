import { errorFields } from "../worker/log.ts";
import { asProviderError } from "../worker/providers/errors.ts";
import { RENEWAL_SECONDS } from "./credentials.ts";
import type { Engine } from "./engine.ts";
import { connectionFailed } from "./failing.ts";
import type { ConnectionState } from "./user-sync-schema.ts";

// Renewals whose answer was lost, where a refresh token works once: some authorities give the answer again for some minutes, and those
// must not pass unused. See `Credentials`.

/** Makes up for one of them; false where none is due. */
export async function resumeRenewals(engine: Engine): Promise<boolean> {
  const due = interrupted(engine).find((connection) => dueAt(engine, connection) <= engine.now());
  if (!due) return false;
  try {
    await engine.credentials.renew(due.id);
  } catch (error) {
    engine.log.warn("connection.not_renewed", { connectionId: due.id, ...errorFields(error) });
    await connectionFailed(engine, due.id, asProviderError(error));
  }
  return true;
}

/** When the next attempt is due; null where there is none to make. */
export function renewalsAt(engine: Engine): number | null {
  const times = interrupted(engine).map((connection) => dueAt(engine, connection));
  return times.length === 0 ? null : Math.min(...times);
}

function interrupted({ store, now }: Engine): ConnectionState[] {
  return store.connections().filter(({ status, renewingUntil }) => status === "active" && renewingUntil !== null && renewingUntil > now());
}

function dueAt({ credentials }: Engine, { id, gateUntil }: ConnectionState): number {
  return Math.max(gateUntil, credentials.triedAt(id) + RENEWAL_SECONDS * 1000);
}
