import { randomId } from "../../worker/ids.ts";
import { createMemoryDrive, memoryProvider } from "../../worker/providers/memory.ts";
import type { MemoryDrive, MemoryItem } from "../../worker/providers/memory-drive.ts";
import { providers } from "../../worker/providers/registry.ts";
import type { Mutation, Source, Tree } from "./source.ts";
import type { Weather } from "./weather.ts";
import { mortalProvider, weatheredProvider } from "./weathered-provider.ts";

/** Of an enumeration, in the drive's own form. */
const RESTART_CURSOR = "0:restart";
const TOKEN_MILLISECONDS = 10 * 365 * 86_400_000;

/** A drive in memory, with the weather between it and whoever asks. */
export class MemorySource implements Source {
  readonly connect: Source["connect"];
  readonly #drive: MemoryDrive;
  readonly #weather: Weather;

  constructor(weather: Weather, pageSize: number) {
    const id = `memory-${randomId()}`;
    this.#weather = weather;
    this.#drive = createMemoryDrive(`drive-of-${id}`);
    Object.assign(this.#drive.settings, { pageSize, childrenFirst: weather.chance("children first") < 0.3, downloadUrlSeconds: 1_200 });
    const definition = { ...memoryProvider(this.#drive), id };
    providers.set(id, mortalProvider(weatheredProvider(definition, weather, RESTART_CURSOR)));
    this.connect = {
      provider: id,
      account: { id: `account-of-${this.#drive.id}`, label: "Memory", email: null },
      scopes: [],
      tokens: { accessToken: "token", refreshToken: "refresh", expiresAt: Date.now() + TOKEN_MILLISECONDS },
      homeShard: 0,
    };
  }

  async mutate(mutation: Mutation): Promise<void> {
    const drive = this.#drive;
    switch (mutation.op) {
      case "create":
      case "update":
        drive.put(mutation.path, bytesOf(mutation.bytes ?? 1));
        return;
      case "rewrite":
        drive.rewrite(mutation.path);
        return;
      case "mkdir":
        drive.mkdir(mutation.path);
        return;
      case "rename":
        drive.rename(mutation.path, mutation.name);
        return;
      case "move":
        drive.move(mutation.path, mutation.to);
        return;
      case "delete":
        drive.delete(mutation.path);
        return;
      case "restore":
        drive.restore(mutation.id);
    }
  }

  async tree(): Promise<Tree> {
    const drive = this.#drive;
    const folders = drive.items().filter((item) => item.bytes === null && item.removedBy === null && item.id !== drive.rootId);
    return {
      files: drive.files().map(({ id, path, sha256 }) => ({ id, path, sha256 })),
      folders: folders.map(({ id }) => ({ id, path: drive.path(id) })),
      trash: drive
        .items()
        .filter((item) => item.removedBy === item.id && this.#hasRoomFor(item))
        .map(({ id }) => id),
    };
  }

  /** Whether a deleted item's folder is there, and nothing else has its name now. */
  #hasRoomFor({ parentId, name }: MemoryItem): boolean {
    const items = this.#drive.items().filter((item) => item.removedBy === null);
    return items.some((item) => item.id === parentId) && !items.some((item) => item.parentId === parentId && item.name === name);
  }

  async calm(): Promise<void> {
    this.#weather.bad = false;
  }

  async requests(): Promise<number> {
    const { account, feeds, changes, open, lookup } = this.#drive.requests;
    return account + feeds + changes + open + lookup;
  }

  close(): void {
    providers.delete(this.connect.provider);
  }
}

function bytesOf(content: number | string): Uint8Array {
  if (typeof content === "string") return new TextEncoder().encode(content);
  return Uint8Array.from({ length: content }, (_, index) => (index * 31 + content) % 251);
}
