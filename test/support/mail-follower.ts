import { ProviderError, type ProviderErrorKind } from "../../worker/providers/errors.ts";
import { mailId } from "../../worker/providers/imap/ids.ts";
import type { Entry, Provider } from "../../worker/providers/provider.ts";
import { applyRound } from "../providers/contract.ts";
import type { SandboxMail } from "./sandbox-mail.ts";

/** Follows a mailbox as the core does: a round that fails is as if it had not been. */
export class MailFollower {
  /** Mails that the last round could say nothing of. */
  unreadable: string[] = [];
  readonly #mail: SandboxMail;
  readonly #box: string;
  readonly #provider: Provider;
  #cursor: string | null = null;
  #known = new Map<string, Entry>();

  constructor(mail: SandboxMail, box: string) {
    this.#mail = mail;
    this.#box = box;
    const provider = mail.provider();
    const changes: Provider["changes"] = async (feedId, cursor) => {
      const page = await provider.changes(feedId, cursor);
      this.unreadable.push(...page.changes.flatMap((change) => (change.type === "malformed" ? (change.id ?? "") : [])));
      return page;
    };
    this.#provider = { ...provider, changes };
  }

  /** Null: the round came to its end. */
  async follow(): Promise<ProviderErrorKind | null> {
    this.unreadable = [];
    const known = this.#cursor === null ? new Map<string, Entry>() : new Map(this.#known);
    try {
      this.#cursor = await applyRound(this.#provider, this.#box, this.#cursor, known);
      this.#known = known;
      return null;
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (error.kind === "cursor_expired") this.#cursor = null;
      return error.kind;
    }
  }

  /** Ids of the mails that are known by now. */
  get known(): string[] {
    return [...this.#known.values()].filter(({ mimeType }) => mimeType === "message/rfc822").map(({ id }) => id);
  }

  /** Ids of those that are there. */
  async there(): Promise<string[]> {
    const box = (await this.#mail.boxes()).find(({ path }) => path === this.#box);
    return (box?.mails ?? []).map(({ uid }) => mailId(this.#box, String(box?.validity), uid)).toSorted();
  }
}
