import { join } from "node:path";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { controlRoutes, type ControlTools } from "./control/routes.ts";
import { clearDatabase, createMeta, openDatabase, transaction } from "./database.ts";
import { DriveStore } from "./drives/store.ts";
import { createAccounts, type Account } from "./microsoft/accounts.ts";
import { createFaults } from "./microsoft/faults.ts";
import { MICROSOFT_HOSTS } from "./microsoft/hosts.ts";
import { ConnectionDropped } from "./microsoft/interfere.ts";
import { createMicrosoft } from "./microsoft/microsoft.ts";
import { createNotifier } from "./microsoft/notifications.ts";
import { createRequestLog } from "./request-log.ts";
import { toVendorRequest } from "./vendor-request.ts";

export type SandboxOptions = {
  /** Where the state survives; without one it is kept in memory. */
  stateDir?: string;
  /** A folder of this machine that becomes alice's drive. */
  driveDir?: string;
  now?: () => number;
  /** How change notifications leave. */
  fetch?: typeof fetch;
};

export type Sandbox = { app: Hono; close: () => void };

const FIRST_ACCOUNTS = ["alice@contoso.example", "bob@outlook.example"];

/** The vendors, played on this machine: their hosts by name or as first path segment, and control calls below `/_sandbox`. */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const db = openDatabase(options.stateDir === undefined ? undefined : join(options.stateDir, "sandbox"));
  const meta = createMeta(db);
  const machineNow = options.now ?? Date.now;
  const now = (): number => machineNow() + Number(meta.get("clock-offset-ms") ?? 0);
  const deliver = options.fetch ?? fetch;
  const drives = new DriveStore(db);
  const fill = (_account: Account): void => undefined;
  const accounts = createAccounts(db, drives, now, fill);
  const faults = createFaults(meta);
  const notifier = createNotifier({ db, meta, accounts, faults, deliver, now });
  const log = createRequestLog();
  const begin = async (): Promise<void> => transaction(db, () => void FIRST_ACCOUNTS.map((name) => accounts.named(name)));
  await begin();
  let microsoft = createMicrosoft({ db, meta, drives, accounts, faults, notifier, log, deliver, now });

  const tools: ControlTools = {
    db,
    drives,
    accounts,
    now,
    faults,
    notifier,
    log,
    reset: async () => {
      clearDatabase(db);
      faults.remove();
      log.clear();
      notifier.clearOutbox();
      await begin();
      microsoft = createMicrosoft({ db, meta, drives, accounts, faults, notifier, log, deliver, now });
    },
    advanceClock: (seconds) => {
      meta.set("clock-offset-ms", String(Number(meta.get("clock-offset-ms") ?? 0) + seconds * 1000));
      return now();
    },
  };

  const app = new Hono();
  app.use(async (c, next) => {
    const request = toVendorRequest(c.req.raw, MICROSOFT_HOSTS);
    if (request === undefined) return next();
    try {
      return await microsoft(request);
    } catch (error) {
      // Only a server of our own can break a connection; elsewhere the caller gets the error itself.
      const outgoing = (c.env as Partial<HttpBindings> | undefined)?.outgoing;
      if (!(error instanceof ConnectionDropped) || outgoing === undefined) throw error;
      outgoing.destroy();
      return RESPONSE_ALREADY_SENT;
    }
  });
  app.route("/_sandbox", controlRoutes(tools));
  app.onError((error, c) => {
    if (error instanceof ConnectionDropped) throw error;
    console.error(error);
    return c.json({ error: error.message }, 500);
  });
  return {
    app,
    close: () => {
      notifier.close();
      db.close();
    },
  };
}
