import { join, resolve } from "node:path";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { ownPage } from "./control/page.ts";
import { controlRoutes, type ControlTools } from "./control/routes.ts";
import { clearDatabase, createMeta, openDatabase, transaction } from "./database.ts";
import type { DriveTools } from "./drives/drive.ts";
import { openFolderDrive, type FolderDrive } from "./drives/folder-drive.ts";
import { emptyDrive } from "./drives/generate.ts";
import { fillWithStarter, PERSONAL_STARTER, WORK_STARTER } from "./drives/starter.ts";
import { DriveStore } from "./drives/store.ts";
import { createAccounts, type Accounts } from "./microsoft/accounts.ts";
import { createFaults } from "./microsoft/faults.ts";
import { MICROSOFT_HOSTS } from "./microsoft/hosts.ts";
import { ConnectionDropped } from "./microsoft/interfere.ts";
import { createMicrosoft } from "./microsoft/microsoft.ts";
import { createNotifier, type Notifier } from "./microsoft/notifications.ts";
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

const FIRST_ACCOUNTS = [WORK_STARTER, PERSONAL_STARTER];

/** The vendors, played on this machine: their hosts by name or as first path segment, and control calls below `/_sandbox`. */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const db = openDatabase(options.stateDir === undefined ? undefined : join(options.stateDir, "sandbox"));
  const meta = createMeta(db);
  const machineNow = options.now ?? Date.now;
  let offsetMs = Number(meta.get("clock-offset-ms") ?? 0);
  const now = (): number => machineNow() + offsetMs;
  const deliver = options.fetch ?? fetch;
  const drives = new DriveStore(db);
  const accounts: Accounts = createAccounts(db, drives, now, (account) => {
    if (account.name !== WORK_STARTER || options.driveDir === undefined) fillWithStarter(driveTools, account);
  });
  const driveTools: DriveTools = { db, drives, accounts, now };
  const faults = createFaults(meta);
  const notifier = createNotifier({ db, meta, accounts, faults, deliver, now });
  const log = createRequestLog();
  let folderDrive: FolderDrive | undefined;
  const begin = async (): Promise<void> => {
    transaction(db, () => void FIRST_ACCOUNTS.map((name) => accounts.named(name)));
    folderDrive?.close();
    folderDrive = await openDrive(driveTools, notifier, options.driveDir);
  };
  await begin();
  let microsoft = createMicrosoft({ db, meta, drives, accounts, faults, notifier, log, deliver, now });

  const tools: ControlTools = {
    ...driveTools,
    faults,
    notifier,
    log,
    reset: async () => {
      clearDatabase(db);
      accounts.forget();
      offsetMs = 0;
      faults.remove();
      log.clear();
      notifier.clearOutbox();
      await begin();
      microsoft = createMicrosoft({ db, meta, drives, accounts, faults, notifier, log, deliver, now });
    },
    advanceClock: (seconds) => {
      offsetMs += seconds * 1000;
      meta.set("clock-offset-ms", String(offsetMs));
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
  app.route(
    "/",
    ownPage(tools, () => folderDrive),
  );
  app.onError((error, c) => {
    if (error instanceof ConnectionDropped) throw error;
    console.error(error);
    return c.json({ error: error.message }, 500);
  });
  return {
    app,
    close: () => {
      folderDrive?.close();
      notifier.close();
      db.close();
    },
  };
}

// Alice's drive is a real folder for as long as the sandbox is started with one; after that it begins anew.
async function openDrive(tools: DriveTools, notifier: Notifier, driveDir: string | undefined): Promise<FolderDrive | undefined> {
  const alice = tools.accounts.named(WORK_STARTER);
  if (alice === undefined) return undefined;
  if (driveDir !== undefined) return openFolderDrive(tools, alice, resolve(driveDir), () => notifier.driveChanged(alice));
  if (tools.accounts.state(alice).folder === null) return undefined;
  transaction(tools.db, () => {
    tools.accounts.setFolder(alice, null);
    emptyDrive(tools, alice);
    fillWithStarter(tools, alice);
  });
  return undefined;
}
