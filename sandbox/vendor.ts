import type { Hono } from "hono";
import type { Account, AccountKind } from "./accounts.ts";
import type { Meta } from "./database.ts";
import type { DriveTools } from "./drives/drive.ts";
import type { FaultKinds } from "./fault-kinds.ts";
import type { Faults } from "./faults.ts";
import type { Outbox } from "./outbox.ts";
import type { RequestLog } from "./request-log.ts";
import type { VendorRequest } from "./vendor-request.ts";

/** Somebody whose services the sandbox plays. */
export type Vendor = {
  /** One word in small letters. */
  name: string;
  /** As people write it. */
  title: string;
  /** Whether requests to this host are this vendor's to answer. No two vendors claim the same. */
  isHost: (host: string) => boolean;
  /** By domain; no two vendors have accounts of the same. */
  accountKinds: readonly AccountKind[];
  /** The accounts that are there from the first day. */
  firstAccounts: readonly string[];
  /** By name; no two vendors have one of the same, and those that are not Microsoft's begin with their vendor's name. */
  faultKinds: FaultKinds;
  /** Begins to play; done anew after each reset. Tables of its own are made here. */
  start: (tools: VendorTools) => RunningVendor | Promise<RunningVendor>;
};

export type VendorTools = DriveTools & {
  meta: Meta;
  faults: Faults;
  outbox: Outbox;
  log: RequestLog;
  /** How requests of the vendor's own leave, to addresses that clients gave it. */
  deliver: typeof fetch;
  /** The environment's variables, where the sandbox is a process of its own; within a test, only what it sets. A vendor listens on no port but one that is named here. */
  settings: Readonly<Record<string, string | undefined>>;
};

export type RunningVendor = {
  /** Answers a request to one of its hosts, by way of `answerWithFaults`. Throws ConnectionDropped where a fault wants no answer at all. */
  answer: (request: VendorRequest) => Promise<Response>;
  /** A drive of one of its accounts was changed. Not called for accounts whose notifications are suppressed. */
  driveChanged?: (account: Account) => void;
  /** The clock was set forward. */
  clockAdvanced?: () => void;
  /** What a person fills in to connect this account where there is no sign-in page, by label; `site` as of a request. Shown on the sandbox's page. */
  signIn?: (account: Account, site: (host: string) => string) => Readonly<Record<string, string>>;
  /** The smallest change that anybody can see, of a vendor whose accounts keep no files in a drive; answers what was changed. */
  changeSomething?: (account: Account) => string | undefined;
  /** Control calls of its own, below `/_sandbox/{name}`. */
  control?: Hono;
  close?: () => void | Promise<void>;
};
