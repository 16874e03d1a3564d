import { join, resolve } from "node:path";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { createAccounts, type Accounts } from "./accounts.ts";
import { ownPage } from "./control/page.ts";
import { controlRoutes, type ControlTools } from "./control/routes.ts";
import { clearDatabase, createMeta, openDatabase, transaction } from "./database.ts";
import type { DriveTools } from "./drives/drive.ts";
import { openFolderDrive, type FolderDrive } from "./drives/folder-drive.ts";
import { emptyDrive } from "./drives/generate.ts";
import { fillWithStarter } from "./drives/starter.ts";
import { DriveStore } from "./drives/store.ts";
import { createFaults } from "./faults.ts";
import { ConnectionDropped } from "./interfere.ts";
import { createOutbox } from "./outbox.ts";
import { createRequestLog } from "./request-log.ts";
import { startVendors, type RunningVendors } from "./running-vendors.ts";
import type { Vendor, VendorTools } from "./vendor.ts";
import { FOLDER_ACCOUNT, VENDORS } from "./vendors.ts";

export type SandboxOptions = {
  /** Where the state survives; without one it is kept in memory. */
  stateDir?: string;
  /** A folder of this machine that becomes alice's drive. */
  driveDir?: string;
  now?: () => number;
  /** How change notifications leave. */
  fetch?: typeof fetch;
  /** Whom it plays; all that there are unless said. */
  vendors?: readonly Vendor[];
  settings?: VendorTools["settings"];
};

export type Sandbox = { app: Hono; close: () => Promise<void> };

/** The vendors, played on this machine: their hosts by name or as first path segment, and control calls below `/_sandbox`. */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const vendors = options.vendors ?? VENDORS;
  const db = openDatabase(options.stateDir === undefined ? undefined : join(options.stateDir, "sandbox"));
  const meta = createMeta(db);
  const machineNow = options.now ?? Date.now;
  let offsetMs = Number(meta.get("clock-offset-ms") ?? 0);
  const now = (): number => machineNow() + offsetMs;
  const deliver = options.fetch ?? fetch;
  const drives = new DriveStore(db, (drive) => isCaseSensitive(accounts, drive));
  const accounts: Accounts = createAccounts({ db, drives, now, vendors }, (account) => {
    if (account.name !== FOLDER_ACCOUNT || options.driveDir === undefined) fillWithStarter(driveTools, account);
  });
  const driveTools: DriveTools = { db, drives, accounts, now };
  const faults = createFaults(meta, vendors);
  const outbox = createOutbox({ db, meta, deliver });
  const log = createRequestLog();
  const vendorTools: VendorTools = { ...driveTools, meta, faults, outbox, log, deliver, settings: options.settings ?? {} };
  const begin = async () => {
    transaction(db, () => void vendors.flatMap((vendor) => vendor.firstAccounts).map((name) => accounts.named(name)));
    const running = await startVendors(vendors, vendorTools);
    const folderDrive = await openDrive(driveTools, options.driveDir, running.driveChanged);
    const close = async (): Promise<void> => {
      folderDrive?.close();
      await running.close();
    };
    return { running, folderDrive, close };
  };
  let playing = await begin();

  const tools: ControlTools = {
    ...driveTools,
    vendors,
    faults,
    outbox,
    log,
    running: () => playing.running,
    reset: async () => {
      await playing.close();
      clearDatabase(db);
      accounts.forget();
      offsetMs = 0;
      faults.remove();
      log.clear();
      outbox.forget();
      playing = await begin();
    },
    advanceClock: (seconds) => {
      offsetMs += seconds * 1000;
      meta.set("clock-offset-ms", String(offsetMs));
      return now();
    },
  };

  const app = new Hono();
  app.use(async (c, next) => {
    try {
      return (await playing.running.answer(c.req.raw)) ?? (await next());
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
    ownPage(tools, () => playing.folderDrive),
  );
  app.onError((error, c) => {
    if (error instanceof ConnectionDropped) throw error;
    console.error(error);
    return c.json({ error: error.message }, 500);
  });
  return {
    app,
    close: async () => {
      await playing.close();
      outbox.close();
      db.close();
    },
  };
}

function isCaseSensitive(accounts: Accounts, drive: number): boolean {
  const account = accounts.numbered(drive);
  return account !== undefined && accounts.rules(account).caseSensitive;
}

// An account's drive is a real folder for as long as the sandbox is started with one; after that it begins anew.
async function openDrive(
  tools: DriveTools,
  driveDir: string | undefined,
  onChanged: RunningVendors["driveChanged"],
): Promise<FolderDrive | undefined> {
  const account = tools.accounts.named(FOLDER_ACCOUNT);
  if (account === undefined) return undefined;
  if (driveDir !== undefined) return openFolderDrive(tools, account, resolve(driveDir), () => onChanged(account));
  if (tools.accounts.state(account).folder === null) return undefined;
  transaction(tools.db, () => {
    tools.accounts.setFolder(account, null);
    emptyDrive(tools, account);
    fillWithStarter(tools, account);
  });
  return undefined;
}
