import { describe } from "vitest";
import { type Exceptions, type Fixture, providerContract } from "./contract.ts";
import { type Domain, SandboxDropbox } from "./sandbox-dropbox.ts";

const EXCEPTIONS: Exceptions = {
  caseRenames: "Dropbox does not tell a change of the case alone before all is listed again.",
  subscriptions: "Dropbox's notifications are the app's: none is subscribed to.",
};

async function open(domain: Domain, faults: readonly string[] = []): Promise<Fixture> {
  const drive = await SandboxDropbox.open(domain);
  for (const name of faults) await drive.fault({ name });
  const first = async (ids: Promise<string[]>) => (await ids)[0] ?? "";
  return {
    provider: drive.provider,
    put: async (path, content) => {
      const exists = (await drive.tree()).some((file) => file.path === path);
      return first(drive.mutate({ op: exists ? "update" : "create", path, bytes: content }));
    },
    rename: async (path, name) => void (await drive.mutate({ op: "rename", path, name })),
    move: async (path, to) => void (await drive.mutate({ op: "move", path, to })),
    remove: async (path) => void (await drive.mutate({ op: "delete", path })),
    restore: async (id) => void (await drive.mutate({ op: "restore", id })),
    files: () => drive.tree(),
    expireCursors: () => drive.expireCursors(),
    expireAddresses: () => drive.fault({ name: "dropbox-revision-gone", times: 1 }),
    throttleOnce: () => drive.fault({ name: "dropbox-throttled", times: 1 }),
    revoke: () => drive.fault({ name: "dropbox-token-invalid" }),
  };
}

describe("Dropbox", () => providerContract(() => open("dropbox.example"), EXCEPTIONS));
describe("Dropbox, of a member of a team", () => providerContract(() => open("dropbox-team.example"), EXCEPTIONS));
describe("Dropbox that tells things in another order, twice and one by one", () => {
  const faults = ["dropbox-add-before-delete", "dropbox-delete-each", "dropbox-duplicates", "dropbox-children-first"];
  providerContract(() => open("dropbox.example", faults), EXCEPTIONS);
});
