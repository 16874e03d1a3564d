import type { Connection } from "../../worker/wire.ts";
import type { Problem } from "./parse.ts";
import type { FileConnection, TidemarkFile } from "./schema.ts";

/** The connections that the file means, by their names in it; and why the others could not be found. */
export function resolveConnections(
  given: TidemarkFile["connections"],
  connections: readonly Connection[],
): { found: Map<string, Connection>; problems: Problem[] } {
  const found = new Map<string, Connection>();
  const problems: Problem[] = [];
  for (const [name, wanted] of Object.entries(given)) {
    const [first, ...others] = connections.filter((connection) => isMeant(connection, name, wanted));
    if (first && others.length === 0) found.set(name, first);
    else problems.push({ path: ["connections", name], message: first ? severalOf([first, ...others]) : missing(name, wanted) });
  }
  return { found, problems };
}

function isMeant(connection: Connection, name: string, { id, provider, account, label, method }: FileConnection): boolean {
  if (id !== undefined) return connection.id === id;
  if (connection.provider !== provider) return false;
  if (method !== undefined) return connection.label === name;
  const { email } = connection.account;
  const isAccount = account === undefined || account === connection.account.id || account.toLowerCase() === email?.toLowerCase();
  return isAccount && (label === undefined || label === connection.label);
}

function severalOf(connections: readonly Connection[]): string {
  return `${connections.length} connections fit: say which by its id (${connections.map(({ id }) => id).join(", ")})`;
}

function missing(name: string, { id, method }: FileConnection): string {
  if (id !== undefined) return "there is no such connection";
  // Secrets are not read before there is somebody to give them to.
  if (method !== undefined) return `is not connected, and this release cannot do that from a file: connect it, and label it “${name}”`;
  return "there is no such connection: connect the account in the browser first";
}
