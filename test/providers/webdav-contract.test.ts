import { describe } from "vitest";
import { type Fixture, providerContract } from "./contract.ts";
import { type Domain, SandboxCloud } from "./sandbox-cloud.ts";

async function open(domain: Domain): Promise<Fixture> {
  const cloud = await SandboxCloud.open(domain);
  return {
    provider: cloud.provider,
    put: (path, content) => cloud.put(path, content),
    rename: async (path, name) => void (await cloud.mutate({ op: "rename", path, name })),
    move: async (path, to) => void (await cloud.mutate({ op: "move", path, to })),
    remove: async (path) => void (await cloud.mutate({ op: "delete", path })),
    restore: async (id) => void (await cloud.mutate({ op: "restore", id })),
    files: () => cloud.tree(),
    expireCursors: () => cloud.expireCursors(),
    // An address is good for as long as the file is where it was.
    expireAddresses: async () => {
      for (const { path } of await cloud.tree()) await cloud.mutate({ op: "move", path, to: "/elsewhere" });
    },
    throttleOnce: () => cloud.fault({ name: "nextcloud-throttled", times: 1 }),
    revoke: () => cloud.revoke(),
  };
}

describe("Nextcloud", () => providerContract(() => open("nextcloud.example"), { subscriptions: "WebDAV has no notifications" }));
describe("ownCloud", () => providerContract(() => open("owncloud.example"), { subscriptions: "WebDAV has no notifications" }));
