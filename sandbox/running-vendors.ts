import type { Account } from "./accounts.ts";
import { toVendorRequest } from "./vendor-request.ts";
import type { RunningVendor, Vendor, VendorTools } from "./vendor.ts";

export type RunningVendors = {
  /** Undefined where the request is to none of the vendors. */
  answer: (request: Request) => Promise<Response> | undefined;
  driveChanged: (account: Account) => void;
  clockAdvanced: () => void;
  /** What a person fills in to connect an account; empty where they sign in on a page. */
  signIn: (account: Account, site: (host: string) => string) => Readonly<Record<string, string>>;
  /** Changes something of an account that keeps no files in a drive; undefined where it does, or has nothing to change. */
  changeSomething: (account: Account) => string | undefined;
  /** Answers a vendor's own control call; `path` is what follows the vendor's name. Undefined where the vendor has none. */
  control: (vendor: string, request: Request, path: string) => Promise<Response> | undefined;
  close: () => Promise<void>;
};

export async function startVendors(vendors: readonly Vendor[], tools: VendorTools): Promise<RunningVendors> {
  const running = new Map<string, RunningVendor>();
  for (const vendor of vendors) running.set(vendor.name, await vendor.start(tools));
  const ownerOf = (host: string): Vendor | undefined => vendors.find((vendor) => vendor.isHost(host));
  return {
    answer: (raw) => {
      const request = toVendorRequest(raw, (host) => ownerOf(host) !== undefined);
      return request === undefined ? undefined : running.get(ownerOf(request.host)?.name ?? "")?.answer(request);
    },
    driveChanged: (account) => {
      if (tools.outbox.mode(account) !== "suppress") running.get(account.vendor)?.driveChanged?.(account);
    },
    clockAdvanced: () => {
      for (const vendor of running.values()) vendor.clockAdvanced?.();
    },
    signIn: (account, site) => running.get(account.vendor)?.signIn?.(account, site) ?? {},
    changeSomething: (account) => running.get(account.vendor)?.changeSomething?.(account),
    control: (vendor, request, path) => {
      const app = running.get(vendor)?.control;
      if (app === undefined) return undefined;
      return Promise.resolve(app.fetch(new Request(new URL(path, request.url), request)));
    },
    close: async () => {
      for (const vendor of running.values()) await vendor.close?.();
    },
  };
}
