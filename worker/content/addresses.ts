import { asProviderError, ProviderError } from "../providers/errors.ts";
import type { DownloadUrl, Lookup, Provider } from "../providers/provider.ts";
import type { LeasedFile } from "../sync/job.ts";

/** How long a lookup waits for others to come along. */
const GATHER_MILLISECONDS = 20;

type Answer = Lookup | ProviderError;

/**
 * The download addresses of one job's files, and what the source says of them when it is asked again. Questions are gathered into
 * one lookup, and where that has room, files that have not been begun and whose addresses have run out too are asked about with them.
 */
export class Addresses {
  readonly #provider: Provider;
  readonly #feedId: string;
  readonly #now: () => number;
  /** Files that have not been begun. */
  readonly #ahead: Map<string, LeasedFile>;
  /** Answers that nobody has asked for yet. */
  readonly #answers = new Map<string, { answer: Answer; at: number }>();
  readonly #questions = new Map<string, ((answer: Answer) => void)[]>();
  /** Addresses handed out up to then have been seen to be refused. */
  #refusedUntil = 0;
  #gathering = false;

  constructor(provider: Provider, feedId: string, files: readonly LeasedFile[], now: () => number) {
    this.#provider = provider;
    this.#feedId = feedId;
    this.#now = now;
    this.#ahead = new Map(files.map((file) => [file.remoteId, file]));
  }

  /** The planned address, where it can still be trusted. */
  planned(file: LeasedFile): DownloadUrl | null {
    this.#ahead.delete(file.remoteId);
    return this.#isGood(file) ? file.download : null;
  }

  /** The address was refused: others of its age will be. */
  refused(download: DownloadUrl): void {
    this.#refusedUntil = Math.max(this.#refusedUntil, download.at);
  }

  /** What the source has under this id now. `since`: an answer of an earlier time will not do. Throws a ProviderError. */
  async ask(remoteId: string, since = 0): Promise<Lookup> {
    const known = this.#answers.get(remoteId);
    this.#answers.delete(remoteId);
    const answer = known && known.at >= since ? known.answer : await this.#gather(remoteId);
    if (answer instanceof ProviderError) throw answer;
    return answer;
  }

  #isGood({ download }: LeasedFile): boolean {
    if (!download || download.at <= this.#refusedUntil) return false;
    return this.#now() - download.at < this.#provider.facts.downloadUrlSeconds * 1000;
  }

  #gather(remoteId: string): Promise<Answer> {
    return new Promise((resolve) => {
      const waiting = this.#questions.get(remoteId) ?? [];
      this.#questions.set(remoteId, [...waiting, resolve]);
      if (this.#questions.size >= this.#provider.facts.lookupMax) void this.#flush();
      else if (!this.#gathering) {
        this.#gathering = true;
        setTimeout(() => {
          this.#gathering = false;
          void this.#flush();
        }, GATHER_MILLISECONDS);
      }
    });
  }

  /** Never fails: a failure is the answer of each that asked. */
  async #flush(): Promise<void> {
    const { lookupMax } = this.#provider.facts;
    const asked = new Map([...this.#questions].slice(0, lookupMax));
    if (asked.size === 0) return;
    for (const id of asked.keys()) this.#questions.delete(id);
    const along = [...this.#ahead.values()]
      .filter((file) => !asked.has(file.remoteId) && !this.#isGood(file))
      .slice(0, lookupMax - asked.size);
    for (const { remoteId } of along) this.#ahead.delete(remoteId);
    const at = this.#now();
    const answers = await this.#lookup([...asked.keys(), ...along.map(({ remoteId }) => remoteId)]);
    for (const [id, waiting] of asked) for (const resolve of waiting) resolve(answers(id));
    for (const { remoteId } of along) this.#answers.set(remoteId, { answer: answers(remoteId), at });
  }

  async #lookup(ids: readonly string[]): Promise<(id: string) => Answer> {
    try {
      const found = new Map((await this.#provider.lookup(this.#feedId, ids)).map((lookup) => [lookup.id, lookup]));
      return (id) => found.get(id) ?? new ProviderError("fatal", "The source's answer about this file makes no sense.");
    } catch (error) {
      const failure = asProviderError(error);
      return () => failure;
    }
  }
}
