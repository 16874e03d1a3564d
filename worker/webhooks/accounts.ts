import type { Wake } from "../../durable-objects/rpc.ts";
import type { AppContext } from "../context.ts";
import { catalogues } from "../db/client.ts";
import { connectionsOfAccounts } from "../db/wakes.ts";
import { deliverWakes } from "./deliver.ts";

// Notifications that are an app's, not a subscription's: they name accounts of the source, whoever has connected them.

/** Wakes everybody who has connected one of these accounts of a provider. Answers how many connections that are. */
export async function wakeAccounts(c: AppContext, provider: string, accountIds: readonly string[]): Promise<number> {
  const wakes = new Map<string, Wake[]>();
  let connections = 0;
  for (const db of catalogues(c.env)) {
    for (const { userId, connectionId } of await connectionsOfAccounts(db, provider, accountIds)) {
      wakes.set(userId, [...(wakes.get(userId) ?? []), { reason: "webhook", connectionId, feedId: "" }]);
      connections += 1;
    }
  }
  await deliverWakes(c, provider, wakes);
  return connections;
}
