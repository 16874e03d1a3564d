import { describe } from "vitest";
import { type Fixture, providerContract } from "./contract.ts";
import { SandboxDrive } from "./sandbox-drive.ts";

async function open(domain: "contoso.example" | "outlook.example", prefix?: string): Promise<Fixture> {
  const drive = await SandboxDrive.open(domain, prefix);
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
    expireAddresses: () => drive.fault({ name: "download-expired", times: 1 }),
    throttleOnce: () => drive.fault({ name: "throttled", times: 1 }),
    revoke: () => drive.fault({ name: "access-token-expired" }),
  };
}

describe("OneDrive for work", () => providerContract(() => open("contoso.example")));
describe("OneDrive, personal", () => providerContract(() => open("outlook.example")));
describe("OneDrive, personal, on the newer backend", () => providerContract(() => open("outlook.example", "migrated")));
