import { ProviderError } from "../providers/errors.ts";
import type { FormValues, ProviderContext, RequestBudget } from "../providers/provider.ts";
import { connect } from "../sockets.ts";
import { restSeconds } from "../sync/budget.ts";
import type { UserObjectCalls } from "./user-object.ts";

/** What the jobs of one connection share during one invocation: its token, asked for when it is first needed, and whether to go on. */
export class ConnectionWork {
  readonly #calls: UserObjectCalls;
  readonly #connectionId: string;
  #token: Promise<string> | null = null;
  #renewing: Promise<string> | null = null;
  #fields: Promise<FormValues> | null = null;
  #budget: RequestBudget | null = null;
  /** The source is to be left alone: no further file is begun, and nothing more is asked for those that are. */
  stopped = false;

  constructor(calls: UserObjectCalls, connectionId: string) {
    this.#calls = calls;
    this.#connectionId = connectionId;
  }

  /** `onStopped`: an answer has just told that the allowance is all but used up. */
  providerContext(onRequest: () => void, onStopped: () => void): ProviderContext {
    return {
      fetch,
      connect,
      now: () => Date.now(),
      accessToken: (options) => this.#accessToken(options?.renew ?? false),
      fields: () => (this.#fields ??= this.#calls.connectionFields(this.#connectionId)),
      onRequest: () => {
        if (this.stopped) throw new ProviderError("throttled", "The source is to be left alone.");
        onRequest();
      },
      onBudget: (budget) => {
        this.#budget = budget;
        if (this.stopped || restSeconds(budget) === 0) return;
        this.stopped = true;
        onStopped();
      },
    };
  }

  /** What the source has told of its allowance since this was last asked. */
  takeBudget(): RequestBudget | null {
    const budget = this.#budget;
    this.#budget = null;
    return budget;
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
