import type { Provider } from "../worker/providers/provider.ts";
import type { Engine } from "./engine.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";

/** A sync's source, as a run asks it: by the sync's own options, each request counted. */
export function sourceOf(engine: Engine, sync: SyncState, run: RunState): Provider {
  return engine.provider(sync.connectionId, {
    options: sync.options.providerOptions,
    onRequest: () => {
      run.usage.providerRequests += 1;
    },
  });
}
