import { describe } from "vitest";
import { type Exceptions, type Fixture, providerContract } from "./contract.ts";
import { SandboxAutodesk } from "./sandbox-autodesk.ts";

const EXCEPTIONS: Exceptions = {
  hashes: "Autodesk tells the SHA-1 of a content with its address only, not in lists.",
  subscriptions: "A sign-in only reads, and Autodesk wants more for a hook: those of service accounts are tested by themselves.",
  expiringCursors: "There is no cursor of Autodesk's: it is how far we have read.",
};

/** Files lie in folders: those that the suite puts at the top are in the folder of a project's files. */
const TOP = "/Project Files";
const at = (path: string): string => (path === "/" ? TOP : `${TOP}${path}`);

async function open(faults: readonly string[] = [], aged = false): Promise<Fixture> {
  const drive = await SandboxAutodesk.open();
  const old = async <T>(done: Promise<T>): Promise<T> => {
    const result = await done;
    if (aged) await drive.age();
    return result;
  };
  for (const name of faults) await drive.fault({ name });
  const first = async (ids: Promise<string[]>) => (await ids)[0] ?? "";
  return {
    provider: drive.provider,
    put: async (path, content) => {
      const exists = (await drive.tree()).some((file) => file.path === at(path));
      return first(old(drive.mutate({ op: exists ? "update" : "create", path: at(path), bytes: content })));
    },
    rename: async (path, name) => void (await old(drive.mutate({ op: "rename", path: at(path), name }))),
    move: async (path, to) => void (await old(drive.mutate({ op: "move", path: at(path), to: at(to) }))),
    remove: async (path) => void (await old(drive.mutate({ op: "delete", path: at(path) }))),
    restore: async (id) => void (await old(drive.mutate({ op: "restore", id }))),
    files: () => drive.tree(),
    expireCursors: async () => undefined,
    expireAddresses: () => drive.fault({ name: "autodesk-object-gone", times: 1 }),
    throttleOnce: () => drive.fault({ name: "autodesk-throttled", times: 1 }),
    revoke: () => drive.fault({ name: "autodesk-token-refused" }),
  };
}

describe("Autodesk", () => providerContract(() => open(), EXCEPTIONS));
describe("Autodesk, of a project whose times are old enough to go by", () => providerContract(() => open([], true), EXCEPTIONS));
describe("Autodesk with short pages, and objects that are still being assembled", () =>
  providerContract(() => open(["autodesk-short-pages", "autodesk-chunked"]), EXCEPTIONS));
