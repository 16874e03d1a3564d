import type { Account } from "./accounts.ts";
import type { Address } from "./address.ts";
import type { GraphCall } from "./graph-context.ts";
import { refuse } from "./graph-error.ts";

// Which permissions a request needs, by the permission tables of Microsoft's reference.

const PERSON = /^(user\.read|openid|profile)/;
const SITES = /^sites\.(read|readwrite|manage|fullcontrol)\.all$/;
const FILES_OF_OTHERS = /^(files\.(read|readwrite)|sites\.(read|readwrite|manage|fullcontrol))\.all$/;
const OWN_FILES = /^(files|sites)\./;

/** Refuses what the grant's scopes do not allow. `drive`: whose drive it is about, if it is about one. */
export function checkScope(call: GraphCall, address: Address, drive: Account | undefined): void {
  const needed = neededFor(call, address, drive);
  if (needed === undefined) return;
  const scopes = call.grant.scope.toLowerCase().split(" ");
  if (scopes.some((scope) => needed.test(scope))) return;
  if (address.kind === "me") throw refuse(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
  throw refuse(403, "accessDenied", "Access denied");
}

function neededFor(call: GraphCall, address: Address, drive: Account | undefined): RegExp | undefined {
  switch (address.kind) {
    case "batch":
      return undefined;
    case "me":
    case "userinfo":
      return PERSON;
    case "followed-sites":
    case "site-search":
    case "site":
    case "subsites":
      return SITES;
    case "libraries":
      return FILES_OF_OTHERS;
    default:
      return drive === undefined || drive.no === call.grant.account.no ? OWN_FILES : FILES_OF_OTHERS;
  }
}
