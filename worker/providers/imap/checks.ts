import type { ImapFlow } from "imapflow";
import type { Check } from "../provider.ts";
import { isSelectable, list } from "./folders.ts";
import type { ImapSettings } from "./settings.ts";

/** What a connection that is signed in tells of its server. */
export async function checks(client: ImapFlow, { host, port, security, user }: ImapSettings): Promise<Check[]> {
  const folders = (await list(client)).filter(isSelectable);
  const has = (name: string) => client.capabilities.has(name);
  const removals = client.enabled.has("QRESYNC")
    ? "The server tells what was removed."
    : "The server does not tell what was removed: where mails have gone, the numbers of those that are left are compared.";
  return [
    { name: "Server", ok: true, message: `${host} answers at port ${port}.` },
    {
      name: "Encryption",
      // Anywhere but on one's own machine it is refused before it comes to this.
      ok: true,
      message:
        security === "none"
          ? "There is none: only a Tidemark on your own machine does without."
          : `All that is sent is encrypted, for ${host} and nobody else.`,
    },
    { name: "Sign-in", ok: true, message: `The server knows ${user}.` },
    {
      name: "Folders",
      ok: folders.length > 0,
      message: folders.length > 0 ? `${folders.length} folders hold mail.` : "The account has no folder that could hold mail.",
    },
    { name: "Changes", ok: true, message: `${removals}${has("CONDSTORE") ? " It counts changes." : ""}` },
  ];
}
