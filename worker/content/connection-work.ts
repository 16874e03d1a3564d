import type { ProviderContext } from "../providers/provider.ts";
import type { UserObjectCalls } from "./user-object.ts";

/** What the jobs of one connection share during one invocation: its token, asked for when it is first needed, and whether to go on. */
export class ConnectionWork {
  readonly #calls: UserObjectCalls;
  readonly #connectionId: string;
  #token: Promise<string> | null = null;
  #renewing: Promise<string> | null = null;
  /** The source has had enough of this connection: no further file is begun. */
  stopped = false;

  constructor(calls: UserObjectCalls, connectionId: string) {
    this.#calls = calls;
    this.#connectionId = connectionId;
  }

  providerContext(onRequest: () => void): ProviderContext {
    return { fetch, now: () => Date.now(), accessToken: (options) => this.#accessToken(options?.renew ?? false), onRequest };
  }

  #accessToken(renew: boolean): Promise<string> {
    if (this.#renewing) return this.#renewing;
    if (!renew) return (this.#token ??= this.#ask(false));
    const asked = this.#ask(true).finally(() => (this.#renewing = null));
    this.#renewing = asked;
    this.#token = asked;
    return asked;
  }

  /** A failure is not kept: the next caller asks again. */
  async #ask(renew: boolean): Promise<string> {
    try {
      return await this.#calls.accessToken(this.#connectionId, renew);
    } catch (error) {
      this.#token = null;
      throw error;
    }
  }
}
