import { env } from "cloudflare:workers";
import { describe } from "vitest";
import { ProviderError } from "../../worker/providers/errors.ts";
import { createMemoryDrive, memoryProvider } from "../../worker/providers/memory.ts";
import { type MemorySettings } from "../../worker/providers/memory-drive.ts";
import { type Fixture, providerContract } from "./contract.ts";

async function open(settings: Partial<MemorySettings>): Promise<Fixture> {
  const drive = createMemoryDrive();
  Object.assign(drive.settings, settings);
  let now = Date.UTC(2026, 5, 1);
  return {
    provider: memoryProvider(drive).create(env, { fetch, now: () => now, accessToken: async () => "token" }),
    put: async (path, content) => drive.put(path, content),
    rename: async (path, name) => drive.rename(path, name),
    move: async (path, folder) => drive.move(path, folder),
    remove: async (path) => drive.delete(path),
    restore: async (id) => drive.restore(id),
    files: async () => drive.files(),
    expireCursors: async () => drive.expireCursors(),
    expireAddresses: async () => void (now += 3_600_001),
    throttleOnce: async () => drive.fail("changes", new ProviderError("throttled", "Slow down.", { retryAfterSeconds: 2 })),
    revoke: async () => void drive.refusedTokens.add("token"),
  };
}

describe("a drive in memory", () => providerContract(() => open({})));
describe("a drive in memory with small pages, repeats and children first", () =>
  providerContract(() => open({ pageSize: 2, repeatEvery: 2, childrenFirst: true, childTombstones: true })));
