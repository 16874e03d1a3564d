import type { Sync } from "../worker/wire.ts";
import { Failure } from "./failure.ts";
import { OWNER_LABEL } from "./file/schema.ts";

/** The sync that a person means: by its id, its name in a file, or the name that is shown, in this order. */
export function findSync(syncs: readonly Sync[], meant: string): Sync {
  const live = syncs.filter((sync) => sync.status !== "deleting");
  const ways = [
    (sync: Sync) => sync.id === meant,
    (sync: Sync) => sync.labels[OWNER_LABEL] === meant,
    (sync: Sync) => sync.name.toLowerCase() === meant.toLowerCase(),
  ];
  for (const way of ways) {
    const [found, ...others] = live.filter(way);
    if (found && others.length === 0) return found;
    if (found)
      throw new Failure(`${others.length + 1} syncs are called “${meant}”: ${[found, ...others].map(({ id }) => id).join(", ")}.`, {
        code: "cli.ambiguous",
      });
  }
  const names = live.map(({ name }) => `“${name}”`).join(", ");
  throw new Failure(`There is no sync “${meant}”. There ${live.length === 0 ? "are none" : `is ${names}`}.`, { code: "sync.not_found" });
}
