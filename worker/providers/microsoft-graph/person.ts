import { ProviderError } from "../errors.ts";
import type { Account } from "../provider.ts";
import type { User } from "./api.ts";
import type { Graph } from "./graph.ts";

/** Who the connection speaks for. `label`: what to call somebody of whom nothing is said. */
export async function person(graph: Graph, label: string): Promise<Account> {
  const user = (await graph.json(graph.url("/me?$select=id,displayName,mail,userPrincipalName"))) as User;
  if (typeof user.id !== "string") throw new ProviderError("fatal", "The account has no id.");
  const email = user.mail ?? user.userPrincipalName;
  return { id: user.id, label: user.displayName ?? email ?? label, ...(email && { email }) };
}
