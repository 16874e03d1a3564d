import { describe } from "vitest";
import { remoteId } from "../../worker/providers/sharepoint/ids.ts";
import { type Fixture, feedOf, providerContract } from "./contract.ts";
import { SandboxDrive } from "./sandbox-drive.ts";

async function open(method: string): Promise<Fixture> {
  const library = await SandboxDrive.openLibrary({}, "sites");
  const driveId = await feedOf(library.provider);
  const connected = method === "sites" ? library : await library.connectedBy(method);
  const { feeds } = connected.provider;
  // With files alone nothing is followed unasked: a library is chosen by its id.
  const provider = { ...connected.provider, feeds: (chosen?: readonly string[]) => feeds(chosen ?? (method === "sites" ? undefined : [driveId])) }; // prettier-ignore
  const first = async (ids: Promise<string[]>) => remoteId(driveId, (await ids)[0] ?? "");
  const itemId = (remote: string) => remote.slice(remote.indexOf(".") + 1);
  const files = async () => (await library.tree()).map((file) => ({ ...file, id: remoteId(driveId, file.id) }));
  return {
    provider,
    put: async (path, content) => {
      const exists = (await library.tree()).some((file) => file.path === path);
      return first(library.mutate({ op: exists ? "update" : "create", path, bytes: content }));
    },
    rename: async (path, name) => void (await library.mutate({ op: "rename", path, name })),
    move: async (path, to) => void (await library.mutate({ op: "move", path, to })),
    remove: async (path) => void (await library.mutate({ op: "delete", path })),
    restore: async (id) => void (await library.mutate({ op: "restore", id: itemId(id) })),
    files,
    expireCursors: () => library.expireCursors(),
    expireAddresses: () => library.fault({ name: "download-expired", times: 1 }),
    throttleOnce: () => library.fault({ name: "throttled", times: 1 }),
    revoke: () => library.fault({ name: "access-token-expired" }),
  };
}

describe("A library of SharePoint", () => providerContract(() => open("sites")));
describe("A library of SharePoint, with the permission for files alone", () => providerContract(() => open("files")));
