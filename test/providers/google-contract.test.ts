import { describe } from "vitest";
import { type Fixture, providerContract } from "./contract.ts";
import { GoogleAccount } from "./google-account.ts";

async function open(account: GoogleAccount): Promise<Fixture> {
  const provider = account.provider();
  const first = async (ids: Promise<string[]>) => (await ids)[0] ?? "";
  return {
    provider: { ...provider, feeds: () => provider.feeds([account.feedId]) },
    put: async (path, content) => {
      const exists = (await account.tree()).some((file) => file.path === path);
      return first(account.mutate({ op: exists ? "update" : "create", path, bytes: content }));
    },
    rename: async (path, name) => void (await account.mutate({ op: "rename", path, name })),
    move: async (path, to) => void (await account.mutate({ op: "move", path, to })),
    remove: async (path) => void (await account.mutate({ op: "delete", path })),
    restore: async (id) => void (await account.mutate({ op: "restore", id })),
    files: () => account.tree(),
    expireCursors: () => account.expireCursors(),
    throttleOnce: () => account.fault("google-user-rate-limit", { times: 1, headers: { "Retry-After": "2" } }),
    revoke: () => account.fault("google-token-refused"),
  };
}

describe("Google Drive, My Drive", () => providerContract(async () => open(await GoogleAccount.open())));
describe("Google Drive, a shared drive", () => providerContract(async () => open(await GoogleAccount.ofSharedDrive())));
