import type { Connection, Run, Status, Sync } from "../../worker/wire.ts";
import { DEFAULT_OPTIONS } from "../../worker/sync/rules.ts";

// Records as the API answers them. Each function takes what the test is about; the rest is plausible.

const AT = "2026-01-01T12:00:00.000Z";
const NOTHING = { items: 0, files: 0, stored: 0, failed: 0, skipped: 0, excluded: 0, held: 0, bytes: 0, sourceBytes: 0, versions: 0, versionBytes: 0 }; // prettier-ignore

export function connectionRecord(given: Partial<Connection> = {}): Connection {
  return {
    id: "connection-1",
    provider: "onedrive",
    label: "alice@contoso.example",
    account: { id: "account-1", email: "alice@contoso.example" },
    authType: "oauth2",
    status: "active",
    scopes: [],
    lastValidatedAt: AT,
    createdAt: AT,
    ...given,
  };
}

export function syncRecord({ stats, ...given }: Partial<Omit<Sync, "stats">> & { stats?: Partial<Sync["stats"]> } = {}): Sync {
  return {
    id: "sync-1",
    connectionId: "connection-1",
    name: "OneDrive",
    mode: "content",
    schedule: { kind: "interval", minutes: 60 },
    labels: {},
    selection: [],
    filters: {},
    options: DEFAULT_OPTIONS,
    alarm: null,
    status: "active",
    nextRunAt: AT,
    lastRun: null,
    upToDateAt: AT,
    createdAt: AT,
    ...given,
    stats: { ...NOTHING, ...stats },
  };
}

export function runRecord(given: Partial<Run> = {}): Run {
  return {
    id: "run-1",
    syncId: "sync-1",
    type: "incremental",
    status: "completed",
    trigger: "api",
    phase: "finishing",
    createdAt: AT,
    startedAt: AT,
    finishedAt: AT,
    progress: { discovered: 0, pending: 0, stored: 0, skipped: 0, failed: 0, removed: 0, held: 0, changed: 0, bytes: 0, recent: [] },
    usage: { providerRequests: 0, rowsWritten: 0, queueOperations: 0, storagePuts: 0 },
    drift: null,
    error: null,
    ...given,
  };
}

type Live = Status["syncs"][number]["live"];

export function liveRecord(given: Partial<Live> = {}): Live {
  return {
    syncId: "sync-1",
    status: "active",
    upToDateAt: AT,
    checkedAt: AT,
    backlog: { files: 0, bytes: 0 },
    waitingFor: null,
    secondsLeft: null,
    filesPerSecond: 0,
    bytesPerSecond: 0,
    activeRun: null,
    ...given,
  };
}
