import type { Connection, Status, Sync } from "../worker/wire.ts";

/** Something that goes on only once a person does something. */
export interface Attention {
  what: "connection" | "sync";
  id: string;
  name: string;
  message: string;
}

/** What needs a person. What is tried again by itself does not. */
export function needsPerson({ connections, syncs: live }: Status, syncs: readonly Sync[]): Attention[] {
  const used = new Set(syncs.map((sync) => sync.connectionId));
  const ofConnections = connections.flatMap((connection) => {
    const message = connectionMessage(connection, used.has(connection.id));
    return message === null ? [] : [{ what: "connection" as const, id: connection.id, name: connection.label, message }];
  });
  const waiting = new Map(live.map(({ id, live: { waitingFor } }) => [id, waitingFor?.reason]));
  const ofSyncs = syncs.flatMap((sync) =>
    syncMessages(sync, waiting.get(sync.id)).map((message) => ({ what: "sync" as const, id: sync.id, name: sync.name, message })),
  );
  return [...ofConnections, ...ofSyncs];
}

function connectionMessage({ status }: Connection, used: boolean): string | null {
  if (status === "active" || (status === "revoked" && !used)) return null;
  return status === "revoked" ? "is disconnected: its syncs stand still" : "sign in again, in the browser";
}

function syncMessages({ status, stats, alarm, lastRun }: Sync, waitingFor: string | undefined): string[] {
  if (status === "deleting") return [];
  const failed = lastRun?.status === "failed" ? (lastRun.error?.message ?? "its last run failed") : null;
  return [
    stats.held > 0 ? `${stats.held} files are gone at the source: approve or discard their removal` : null,
    alarm ? `${alarm.files} files changed at once: confirm that this is meant, or restore them` : null,
    waitingFor === "quota" ? "the quota is used up" : null,
    failed,
  ].filter((message) => message !== null);
}
