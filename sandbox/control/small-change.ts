import type { Mutation } from "../drives/mutate.ts";
import type { Account } from "../accounts.ts";
import type { ControlTools } from "./routes.ts";

type SmallChange = Extract<Mutation, { op: "create" }>;

/** A note that says when it was made, in a folder of its own: the smallest change that anybody can see. */
export function smallChange(tools: ControlTools, account: Account): SmallChange {
  const now = new Date(tools.now()).toISOString();
  const number = tools.accounts.state(account).seq;
  const path = `/From the sandbox/Note ${number} of ${now.slice(0, 10)} ${now.slice(11, 19).replaceAll(":", ".")}.md`;
  return { op: "create", path, bytes: `# A change\n\nMade by the button on the sandbox's page at ${now}.\n` };
}
