import { knownContents } from "../worker/db/settlement.ts";
import { referredContents } from "../worker/db/verify.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";

export interface Listed {
  object: R2Object;
  storedId: string;
}

/** Of these objects of a sync, those that no row of its catalogue refers to. */
export async function unreferredAmong(engine: Engine, syncId: string, objects: readonly Listed[]): Promise<Listed[]> {
  const scope = scopeOf(engine, syncId);
  const known = await knownContents(engine.db(), scope, objects.map(({ object, storedId }) => ({ remoteId: remoteIdOf(object), storedId }))); // prettier-ignore
  const unknown = objects.filter(({ storedId }) => !known.has(storedId));
  // Metadata may be cut short, or not be ours: what is to be deleted is looked for by itself.
  const referred = await referredContents(engine.db(), scope, unknown.map(({ storedId }) => storedId)); // prettier-ignore
  return unknown.filter(({ storedId }) => !referred.has(storedId));
}

/** The item that an object says it is of; empty where it says nothing that could be read. */
function remoteIdOf(object: R2Object): string {
  try {
    return decodeURI(object.customMetadata?.["remoteId"] ?? "");
  } catch (error) {
    if (error instanceof URIError) return "";
    throw error;
  }
}
