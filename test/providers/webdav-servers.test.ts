import { describe } from "vitest";
import { type Fixture, providerContract } from "./contract.ts";
import { DavFolder, problemOf } from "./dav-folder.ts";

// Servers that know files by their paths alone: a renamed file is another one, and nothing tells what changed but a look at everything.

async function open(host: string): Promise<Fixture> {
  const folder = await DavFolder.open(host);
  return {
    provider: folder.provider,
    put: (path, content) => folder.put(path, content),
    rename: (path, name) => folder.rename(path, name),
    move: (path, to) => folder.move(path, to),
    remove: (path) => folder.remove(path),
    restore: (id) => folder.restore(id),
    files: () => folder.files(),
    expireCursors: () => Promise.reject(new Error("There is nothing to expire.")),
    expireAddresses: () => Promise.reject(new Error("A path is an address for ever.")),
    throttleOnce: async () => void (folder.instead = new Response("busy", { status: 503, headers: { "Retry-After": "2" } })),
    revoke: async () => void (folder.fields = { ...folder.fields, password: "high tide" }),
  };
}

const EXCEPTIONS = {
  hashes: "a plain server announces none",
  expiringCursors: "the cursor is our own",
  lastingIds: "an item's id is its path, and so is its address",
  subscriptions: "WebDAV has no notifications",
};

for (const host of ["apache.test", "rclone.test"]) {
  const problem = problemOf(host);
  describe.skipIf(problem !== null)(`A real server, ${host}${problem === null ? "" : ` (${problem})`}`, () =>
    providerContract(() => open(host), EXCEPTIONS),
  );
}
